import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Each script runs in a local directory and in `Files/` of an AppResult; the service receives what the local
    /// directory holds, each file once.
    @Suite("Tools that write")
    struct ToolTests {
        /// Files to write from, in `$WORK`, the same for both runs.
        private static let sources = """
            mkdir -p $WORK/tree/sub/deep && cd $WORK
            head -c 300000 /dev/urandom > a; head -c 10 /dev/urandom > b; : > empty
            cp a tree/a; cp b tree/sub/b; cp b tree/sub/deep/c; cp empty tree/sub/empty; chmod 600 tree/a
            touch -d '2020-02-02 02:02:02' tree/a
            tar cf tree.tar tree; seq 200000 > numbers
            """

        private func withResult(_ body: (NewAppResult) async throws -> Void) async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                try await mount.output(Self.sources)
                try await body(try await mount.makeAppResult())
            }
        }

        private static let scripts = [
            "cp $WORK/a $WORK/b $WORK/empty .",
            "cp -p $WORK/tree/a .",
            "cp -r $WORK/tree .",
            "cp -a $WORK/tree .",
            "cp --reflink=auto --sparse=always $WORK/a reflinked",
            "install -m 644 $WORK/a installed",
            "cp $WORK/a $WORK/moved && mv $WORK/moved .",
            "tar xf $WORK/tree.tar",
            "tar xf $WORK/tree.tar --no-same-permissions -m",
            "dd if=$WORK/a of=seeked bs=1000 seek=50 status=none",
            "dd if=$WORK/a of=synced bs=4096 conv=fsync status=none",
            "cat $WORK/a > redirected",
            "{ cat $WORK/a; cat $WORK/b; echo end; } > grouped",
            "( echo one; seq 1000; echo two ) > subshell",
            "cat $WORK/a | tee teed > /dev/null",
            "echo one >> appended",
            "touch touched",
            "touch later && cat $WORK/a > later",
            ": > log && seq 10 >> log",
            ": > lock && seq 10 > locked && rm lock",
            "mv \"$(mktemp ./XXXXXX)\" made",
            "touch -d '2021-01-01' dated",
            ": > emptied",
            "sort -R --random-source=$WORK/a $WORK/numbers | gzip -n > sorted.gz",
            "split -b 100000 $WORK/a part-",
            "mkdir -p d/e && echo x > d/e/f",
            "python3 -c 'open(\"p\", \"w\").write(\"text\")'",
            """
            python3 -c '
            with open("patched", "w+b") as file:
                file.write(b"0" * 16 + bytes(range(256)) * 5000)
                file.seek(0)
                file.write(b"header of 16 byt")
            '
            """,
            """
            python3 -c '
            import os
            with open(".part", "wb") as file:
                file.write(b"whole" * 1000)
                file.flush()
                os.fsync(file.fileno())
            os.replace(".part", "replaced")
            '
            """,
            """
            python3 -c '
            import zipfile
            with zipfile.ZipFile("z.zip", "w") as zip:
                for name in "ab": zip.writestr(zipfile.ZipInfo(name), bytes(100000))
            '
            """,
            """
            vim -Nu NONE -es -c 'call setline(1, ["one", "two"])' -c 'w new' -c 'q!'
            vim -Nu NONE -es -c 'call setline(1, "one")' -c 'w' -c 'call setline(2, "two")' -c 'wq' .draft
            vim -Nu NONE -es -c '%s/one/three/' -c 'wq' .draft
            mv .draft edited
            """,
            "cp $WORK/a .first && mv .first .second && mv .second third",
            "truncate -s 100000 sparse",
        ]

        @Test("cp, install, dd, tar, shells and Python")
        func writes() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                try await mount.output(Self.sources)
                for (number, script) in Self.scripts.enumerated() {
                    try await mount.makeAppResult("R\(number)").expectSameAsLocally(script)
                }
            }
        }

        @Test(
            "rsync -a copies a tree once; a second run copies nothing and sends nothing, also in the next mount",
            arguments: ["close", "background"]
        )
        func rsync(policy: String) async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount("--upload-policy", policy)
                try await mount.output(Self.sources)
                let result = try await mount.makeAppResult()
                try await result.expectSameAsLocally("rsync -a $WORK/tree/ tree/")
                try await expectNothingToCopy(result)
                #expect(try await mount.unmount().status == 0)
                _ = try await account.mount("--upload-policy", policy)
                try await expectNothingToCopy(result)
            }
        }

        @Test("background: a second rsync -a copies nothing while the files of the first are still on their way")
        func rsyncOnTheWay() async throws {
            try await Mount.using(
                .random(["projects/P/samples/S/x": 1]),
                options: "--upload-policy",
                "background"
            ) { mount in
                try await mount.output(Self.sources)
                let result = try await mount.makeAppResult()
                mount.account.simulator.setFaults([.init(.hang, on: .init(method: "POST", path: "*/files"))])
                try await result.output("rsync -a $WORK/tree/ tree/")
                let second = try await result.output("rsync -a --itemize-changes $WORK/tree/ tree/")
                #expect(!second.contains(">") && !second.contains("+++"), "\(second)")
                #expect(result.received.isEmpty)
                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(try await result.output("diff -r tree $WORK/tree") == "")
                #expect(result.acceptedUploads == 4, "each file is sent once")
            }
        }

        private func expectNothingToCopy(
            _ result: NewAppResult,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let simulator = result.mount.account.simulator
            simulator.resetRequests()
            let changes = try await result.output("rsync -a --itemize-changes $WORK/tree/ tree/")
            // Times of directories and modes are not the service's to keep, contents are.
            #expect(!changes.contains(">") && !changes.contains("+++"), "\(changes)", sourceLocation: location)
            #expect(
                !simulator.requests.contains { $0.method == "POST" || $0.method == "PUT" },
                sourceLocation: location
            )
        }

        @Test("rsync --inplace writes each file once")
        func rsyncInPlace() async throws {
            try await withResult { try await $0.expectSameAsLocally("rsync -a --inplace $WORK/tree/ tree/") }
        }

        @Test("samtools sorts, writes and indexes into the mount")
        func samtools() async throws {
            try await Mount.using { mount in
                let result = try await mount.makeAppResult("R", in: "Lambda phage: resequencing")
                try await mount.output(
                    "cp \"$DATA/projects/Lambda phage: resequencing/appresults/Lambda-1 BWA\"/*.bam $WORK/in.bam"
                )
                try await result.expectSameAsLocally(
                    """
                    samtools view --no-PG -u $WORK/in.bam | samtools sort --no-PG -n -T $WORK/tmp -o names.bam -
                    samtools sort --no-PG -o sorted.bam names.bam && samtools index sorted.bam &&
                    samtools view --no-PG -b --write-index -o region.bam sorted.bam NC_001416.1:1-10000
                    """
                )
                #expect(result.received.count == 5)
            }
        }

        @Test("bcftools and tabix write into the mount")
        func bcftools() async throws {
            try await Mount.using { mount in
                let result = try await mount.makeAppResult("R", in: "Lambda phage: resequencing")
                try await mount.output(
                    "cp \"$DATA/projects/Lambda phage: resequencing/appresults/Lambda-1 BWA/variants\"/* $WORK/"
                )
                try await result.expectSameAsLocally(
                    """
                    bcftools view --no-version -Oz -o v.vcf.gz $WORK/Lambda-1.vcf.gz && tabix -p vcf v.vcf.gz &&
                    bcftools view --no-version -H v.vcf.gz | bgzip > rest.gz &&
                    bcftools view --no-version -r NC_001416.1:1-9000 v.vcf.gz > r.vcf
                    """
                )
            }
        }

        @Test("fastqc writes its report and its archive into the mount")
        func fastqc() async throws {
            try await Mount.using { mount in
                let result = try await mount.makeAppResult("R", in: "Lambda phage: resequencing")
                try await mount.output(
                    """
                    zcat "$DATA/projects/Lambda phage: resequencing/samples/Lambda-1"/*_R1_* > $WORK/r.fastq
                    mkdir $WORK/local && fastqc -q -o $WORK/local $WORK/r.fastq
                    """
                )
                try await result.output("fastqc -q -o . $WORK/r.fastq")
                #expect(result.received.map(\.path).sorted() == ["r_fastqc.html", "r_fastqc.zip"])
                #expect(result.acceptedUploads == 2)
                #expect(mount.account.staged == [])
                // The archive has the time of its making in it, so its members are compared.
                let contents = """
                    cat r_fastqc.html
                    python3 -c '
                    import zipfile
                    with zipfile.ZipFile("r_fastqc.zip") as archive:
                        for name in archive.namelist(): print(name, archive.read(name))
                    '
                    """
                let here = try await result.output("{ \(contents)\n} | md5sum")
                #expect(try await mount.output("cd $WORK/local && { \(contents)\n} | md5sum") == here)
                for file in result.received {
                    #expect(try await result.output("md5sum < \(file.path)") == "\(file.md5)  -\n")
                }
            }
        }

        @Test("A dot file stays here until it gets a name without a dot, whatever becomes of it meanwhile")
        func dotFiles() async throws {
            try await withResult { result in
                try await result.output(
                    "echo first > .draft && echo second > .draft && echo third >> .draft && mv .draft .other"
                )
                try await result.output("cp $WORK/a .temporary && rm .temporary && cat .other")
                #expect(result.received.isEmpty)
                try await result.output("mv .other final && cat final")
                #expect(result.received.map(\.path) == ["final"])
                #expect(result.received.map(\.size) == [13])
            }
        }

        /// The temporary file of sed has no dot: it is uploaded when sed closes it, and can't be renamed any more.
        @Test("sed -i can't work, says so, and leaves the file as it was")
        func sedInPlace() async throws {
            try await withResult { result in
                try await result.output("echo first > .draft; echo first > uploaded")
                for file in [".draft", "uploaded"] {
                    try await result.mount.expect(
                        "cd '\(result.files)' && sed -i s/first/second/ \(file)",
                        failsWith: "Operation not permitted"
                    )
                    #expect(try await result.output("cat \(file)") == "first\n")
                }
            }
        }

        @Test("A file goes with the content type that its writer gives it")
        func contentType() async throws {
            try await withResult { result in
                try await result.output(
                    "exec 3> f.bin; setfattr -n user.basespace.content_type -v application/x-test f.bin;"
                        + " echo x >&3; exec 3>&-"
                )
                #expect(result.received.map(\.contentType) == ["application/x-test"])
            }
        }

        @Test("A file that is written is read back by others before and after its upload")
        func readsOwnWrites() async throws {
            try await withResult { result in
                try await result.output(
                    """
                    exec 3> f; echo one >&3; test "$(cat f)" = one; echo two >&3; test "$(tail -n 1 f)" = two
                    test "$(stat -c %s f)" = 8; exec 3>&-; test "$(wc -l < f)" = 2; sed -n 2p f
                    """
                )
                #expect(result.received.map(\.size) == [8])
            }
        }

        @Test("A shell that keeps a file open over several commands loses none of their output")
        func keptOpen() async throws {
            try await withResult { result in
                try await result.output("exec 3> f; echo one >&3; echo two >&3; seq 1000 >&3; exec 3>&-")
                try await result.output("cat f > /dev/null")
                try? await eventually("all has arrived") { result.received.map(\.size) == [3901] }
                #expect(result.received.map(\.size) == [3901])
                #expect(try await result.output("stat -c %s f") == "3901\n")
            }
        }

        @Test("A program that closes a copy of its descriptor goes on writing, and the service gets all of it")
        func duplicatedDescriptor() async throws {
            try await withResult { result in
                try await result.expectSameAsLocally(
                    """
                    python3 -c '
                    import os
                    file = open("f", "wb", 0)
                    file.write(b"head")
                    os.close(os.dup(file.fileno()))
                    file.write(b"tail")
                    file.close()
                    '
                    """
                )
            }
        }

        @Test("An unfinished file is removed or renamed without a trace at the service")
        func unfinished() async throws {
            try await withResult { result in
                try await result.output(
                    """
                    python3 -c '
                    import os
                    removed, renamed = open("f", "wb", 0), open("g", "wb", 0)
                    removed.write(b"x"); renamed.write(b"x")
                    os.remove("f"); os.rename("g", "h")
                    assert not os.path.exists("f") and not os.path.exists("g")
                    removed.close(); renamed.close()
                    ' && cat h
                    """
                )
                #expect(result.received.map(\.path) == ["h"])
                try await eventually("nothing is staged") { result.mount.account.staged.isEmpty }
            }
        }

        @Test("What the service has can't be removed or renamed here, also while it is open")
        func uploadedAndOpen() async throws {
            try await withResult { result in
                try await result.output(
                    """
                    python3 -c '
                    import os
                    file = open("f", "wb", 0)
                    file.write(b"x")
                    reader = open("f", "rb")
                    file.close()
                    for change in (lambda: os.remove("f"), lambda: os.rename("f", "g")):
                        try: change()
                        except OSError as error: print(error)
                    reader.close()
                    '
                    """
                )
                let names = try await result.output("ls").split(separator: "\n").map(String.init)
                try? await eventually("it has arrived") { !result.received.isEmpty }
                #expect(result.received.map(\.path) == names, "what is at the service is in the listing")
            }
        }

        @Test("200 small files written by eight programs at once all arrive")
        func manySmallFiles() async throws {
            try await withResult { result in
                try await result.output("seq 200 | xargs -P 8 -I % sh -c 'echo % > file-%'")
                #expect(result.received.count == 200)
                #expect(
                    try await result.output("cat file-* | sort -n | md5sum")
                        == (try await result.mount.output("seq 200 | md5sum"))
                )
            }
        }
    }
}
