import BaseSpaceSimulator
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Reading with the tools of the field")
    struct ContentTests {
        /// Runs a command beside the local copy and beside the mount's file; both print the same.
        private func expectSame(
            _ command: String,
            in directories: (mounted: String, local: String),
            _ mount: Mount,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let wanted = try await mount.output("cd \"$DATA/$1\" && \(command)", directories.local)
            let got = try await mount.output("cd \"$1\" && \(command)", directories.mounted)
            #expect(got == wanted, "`\(command)`", sourceLocation: location)
            #expect(!wanted.isEmpty, "`\(command)` prints nothing", sourceLocation: location)
        }

        @Test("samtools, bcftools, zcat and cmp find in the demo project what its files hold")
        func demo() async throws {
            try await Mount.using { mount in
                let project = "Lambda phage: resequencing"
                let result = (
                    "Projects/\(project)/AppResults/Lambda-1 BWA/Files", "projects/\(project)/appresults/Lambda-1 BWA"
                )
                for command in [
                    "samtools view -H Lambda-1.bam", "samtools view -c Lambda-1.bam NC_001416.1:20000-21000",
                    "samtools view Lambda-1.bam NC_001416.1:1-200", "samtools flagstat Lambda-1.bam",
                    "samtools quickcheck Lambda-1.bam && echo complete",
                    "bcftools view --no-version -r NC_001416.1:1-5000 variants/Lambda-1.vcf.gz",
                    "find . -type f -printf '%P %s\\n' | sort", "find . -type f | sort | xargs -d '\\n' md5sum",
                ] {
                    try await expectSame(command, in: result, mount)
                }
                for sample in ["Lambda-1", "Lambda-2"] {
                    let sample = (
                        "Projects/\(project)/Samples/\(sample)/Files", "projects/\(project)/samples/\(sample)"
                    )
                    try await expectSame(
                        "zcat *_R1_001.fastq.gz | md5sum; zcat *_R2_001.fastq.gz | tail -n 4",
                        in: sample,
                        mount
                    )
                }
                try await mount.output(
                    """
                    cmp "Projects/$1/AppResults/Lambda-1 BWA/Files/Lambda-1.bam" \
                        "$DATA/projects/$1/appresults/Lambda-1 BWA/Lambda-1.bam"
                    """,
                    project
                )
            }
        }

        @Test("An alignment of 25 MB reads the same in regions, as a whole and mapped into memory")
        func bigAlignment() async throws {
            try await Mount.using(.bigAlignment()) { mount in
                let size = try await mount.output("stat -c %s Projects/P/AppResults/Big/Files/big.bam")
                #expect(Int(size.dropLast()) ?? 0 >= 20_000_000)
                let directories = ("Projects/P/AppResults/Big/Files", "projects/P/appresults/Big")
                for command in [
                    "samtools view -c big.bam genome:600000-620000", "samtools view big.bam genome:1000-1500 | md5sum",
                    "samtools view -c big.bam genome:1200000-1250000", "samtools idxstats big.bam",
                    // Backwards, so that nothing is read in order.
                    """
                    python3 -c '
                    import hashlib, mmap
                    with open("big.bam", "rb") as file:
                        bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                        sums = [hashlib.md5(bytes[at:at + 3001]).hexdigest() for at in range(len(bytes), 0, -777777)]
                        print(sums, hashlib.md5(bytes).hexdigest())
                    '
                    """,
                    "md5sum big.bam big.bam.bai",
                ] {
                    try await expectSame(command, in: directories, mount)
                }
                try await mount.output(
                    "cmp Projects/P/AppResults/Big/Files/big.bam $DATA/projects/P/appresults/Big/big.bam"
                )
            }
        }

        @Test("Files of every size around a block's and a page's read back whole")
        func edges() async throws {
            let sizes = [0, 1, 4095, 4096, 4097, 131_071, 131_072, 131_073, 1_048_577]
            let data = try await AccountData.random(
                Dictionary(uniqueKeysWithValues: sizes.map { ("projects/P/samples/S/\($0).bin", $0) })
            )
            try await Mount.using(data) { mount in
                try await mount.output("diff -r Projects/P/Samples/S/Files $DATA/projects/P/samples/S")
                // Beyond the end, and across it.
                #expect(
                    try await mount.output("cd Projects/P/Samples/S/Files && tail -c +4097 4097.bin | wc -c") == "1\n"
                )
                #expect(
                    try await mount.output("cd Projects/P/Samples/S/Files && dd if=4096.bin bs=1 skip=9000 | wc -c")
                        == "0\n"
                )
            }
        }

        @Test("32 programs that read one file at once, from different places, all get its bytes")
        func parallelReaders() async throws {
            let data = try await AccountData.random(["projects/P/samples/S/f": 16 << 20])
            try await Mount.using(data) { mount in
                try await mount.output(
                    """
                    f=Projects/P/Samples/S/Files/f
                    for i in {0..31}; do
                        cmp -i $((i * 500000)) $f $DATA/projects/P/samples/S/f & pids+=($!)
                    done
                    for pid in "${pids[@]}"; do wait "$pid" || exit; done
                    """
                )
            }
        }
    }
}
