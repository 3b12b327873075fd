import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What the virtual files and links of the tree hold")
    struct TreeContentTests {
        @Test("Dot files hold one line each, and stat knows the size of every virtual file before it is read")
        func dotFiles() async throws {
            try await WholeAccount.using { whole in
                let sample = WholeAccount.sample
                let api = whole.simulator.apiURL
                let shown = try await whole.mount.output(
                    "cd \(sample) && cat .id .name .type .href .curl; cd ../.. && cat .type Samples/.type Samples/.href"
                )
                let curl = "curl -sS -H \"x-access-token: $BASESPACE_ACCESS_TOKEN\""
                #expect(
                    shown == """
                        \(whole.sample.id)
                        S1
                        samples
                        v1pre3/samples/\(whole.sample.id)
                        \(curl) '\(api)/v1pre3/samples/\(whole.sample.id)'
                        projects
                        samples
                        v1pre3/projects/\(whole.project.id)/samples

                        """
                )
                let texts = [
                    "README", ".json", "Projects/.json", "\(sample)/.json", "\(sample)/SampleProperties",
                    "AppSessions/Analysis/LaunchPayload", "AppSessions/Analysis/Status", "\(sample)/.commands",
                    "\(WholeAccount.appResult)/Properties/App.Map/key", ".basespacefs/user.json",
                    "\(WholeAccount.bam)/Content/Url", "\(WholeAccount.bam)/.json",
                    "\(WholeAccount.vcf)/Variants/header",
                    "\(WholeAccount.bam)/Coverage/\(WholeAccount.chromosome):1-2000",
                ]
                for text in texts {
                    // The kernel's first look, then reading to the end.
                    let sizes = try await whole.mount.output(#"stat -c %s "$1"; cat "$1" | wc -c"#, text)
                        .split(separator: "\n")
                    #expect(sizes.count == 2 && sizes[0] == sizes[1] && sizes[0] != "0", "\(text): \(sizes)")
                }
            }
        }

        @Test("Documents say what the service says of samples, regions, variants and launches")
        func documents() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                let properties = try await mount.output("cat \(WholeAccount.sample)/SampleProperties")
                #expect(
                    properties.split(separator: "\n").compactMap { $0.split(separator: ":").first } == [
                        "Name", "SampleId", "SampleNumber", "NumReadsRaw", "NumReadsPF", "Read1", "Read2",
                        "IsPairedEnd", "ExperimentName",
                    ]
                )
                #expect(properties.hasPrefix("Name: S1\n"))
                let region = "\(WholeAccount.chromosome):1-5000"
                let variants = try await mount.output(
                    "cat '\(WholeAccount.vcf)/Variants/\(region)' | grep -v '^#' | cut -f 2"
                )
                let wanted = try await mount.output(
                    "bcftools view -H -r '\(region)' \(WholeAccount.appResult)/Files/variants/*.vcf.gz | cut -f 2"
                )
                #expect(variants == wanted)
                #expect(
                    try await mount.output("head -n 1 '\(WholeAccount.vcf)/Variants/header'")
                        == "##fileformat=VCFv4.2\n"
                )
                let coverage = try await mount.output(
                    #"cd "$1/Coverage" && head -n 1 "$2" && awk -F '\t' 'NR > 1 && NF == 3 && $3 > 0' "$2" | wc -l && cat "$3""#,
                    WholeAccount.bam,
                    region,
                    "\(WholeAccount.chromosome).meta"
                ).split(separator: "\n")
                #expect(coverage.first == "position\tbucket_size\tmean_coverage")
                #expect(coverage.count == 4 && (Int(coverage[1]) ?? 0) > 10)
                #expect(coverage.last == "CoverageGranularity: 1")
                for name in ["Coverage/nonsense", "Coverage/c:9-1", "Coverage/.meta", "Coverage/c:1-2-3"] {
                    try await mount.expect("cat '\(WholeAccount.bam)/\(name)'", failsWith: "No such file")
                }
                let payload = try await mount.output(
                    "jq -c '[.Name, (.Properties | map(.Name))]' AppSessions/Analysis/LaunchPayload"
                )
                #expect(payload == #"["Analysis",["Input.Note"]]"# + "\n")
                // The URL is all that somebody without a token needs.
                try await mount.output(
                    "curl -sSf \"$(cat \(WholeAccount.bam)/Content/Url)\" | cmp - \(WholeAccount.appResult)/Files/Lambda-1.bam"
                )
            }
        }

        @Test("Every link leads to the one directory of its entity")
        func links() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                let (sample, result) = (WholeAccount.sample, WholeAccount.appResult)
                for (link, place) in [
                    ("\(sample)/ParentAppSession", "AppSessions/Sequencing"),
                    ("\(result)/ParentAppSession", "AppSessions/Analysis"),
                    ("Projects/Trio/AppSessions/Analysis", "AppSessions/Analysis"),
                    ("Projects/Trio/Samples/.id.\(whole.sample.id)", sample),
                    ("Projects/Trio/AppSessions/.id.\(whole.analysis.id)", "AppSessions/Analysis"),
                    ("Projects/Trio/AppResults.by-status/Running/Calls", result),
                    ("AppSessions/Analysis/AppResults.\(whole.appResult.id).Calls", result),
                    ("AppSessions/Sequencing/Samples.\(whole.sample.id).S1", sample),
                    ("Runs/Exp 1/Properties/Output.Samples/0", sample),
                    ("Runs/Exp 1/Logs", "Runs/Exp 1/Files/Logs"),
                    ("\(result)/Properties/App.Reference", sample),
                    ("\(result)/Properties/App.References/0", "\(sample)/Files/S1_R1.fastq.gz"),
                    ("\(sample)/d", "\(sample)/Files/d"),
                    (".by-id/projects/\(whole.project.id)", "Projects/Trio"),
                    (".by-id/runs/\(whole.run.id)", "Runs/Exp 1"),
                    (".by-id/appresults/\(whole.appResult.id)", result),
                    (".by-id/files/\(whole.file.id)", "\(sample)/Files/S1_R1.fastq.gz"),
                ] {
                    let found = try await mount.run(#"readlink -e "$1""#, link)
                    #expect(found.output == mount.absolute(place) + "\n", "\(link)")
                }
                try await mount.expect("cat .by-id/samples/1", failsWith: "No such file")
                try await mount.expect("ls .by-id/nonsense", failsWith: "No such file")
                // What links lead to is searched once; a dataset is the service's other view of the same sample.
                #expect(
                    try await mount.output("find . -name S1_R1.fastq.gz | sort")
                        == "./Projects/Trio/Datasets/S1/Files/S1_R1.fastq.gz\n./\(sample)/Files/S1_R1.fastq.gz\n"
                )
            }
        }

        @Test("The globs of labs' scripts, and the logs of a sample that is reached through its run")
        func globs() async throws {
            try await WholeAccount.using { whole in
                let shown = try await whole.mount.output(
                    """
                    cat Projects/*/Samples/*/Files/*.fastq.gz; echo
                    ls Runs/*/Properties/Output.Samples/*/Files
                    cat Runs/*/Properties/Output.Samples/*/ParentAppSession/Logs/*.log
                    cat Runs/*/Logs/*.log Runs/*/Files/RunInfo.xml
                    """
                )
                #expect(
                    shown == """
                        reads 1reads 2!
                        S1_R1.fastq.gz
                        S1_R2.fastq.gz
                        d
                        demultiplexed
                        cycle 1
                        <RunInfo/>

                        """
                )
            }
        }

        @Test("Coverage and Variants are only of files with an index: the service can't look into others")
        func withoutIndex() async throws {
            try await WholeAccount.using { whole in
                for name in ["plain.bam", "plain.vcf.gz", "plain.vcf"] {
                    try whole.appResult.addFile(name, .bytes([1]))
                }
                let mount = whole.mount
                try await mount.output(
                    """
                    cd \(WholeAccount.appResult)/Files.metadata
                    for file in plain.bam plain.vcf.gz plain.vcf; do
                        test "$(ls $file)" = Content && ! test -e $file/Coverage && ! test -e $file/Variants || exit
                    done
                    """
                )
                #expect(try await mount.output("ls \(WholeAccount.bam) | tr '\\n' ' '") == "Content Coverage ")
                #expect(try await mount.output("ls \(WholeAccount.vcf) | tr '\\n' ' '") == "Content Variants ")
            }
        }

        @Test(".json is the whole answer, of a collection with all items; .curl runs as it stands and has no token")
        func json() async throws {
            try await WholeAccount.using { whole in
                for number in 1...1100 {
                    _ = try whole.project.addSample(String(format: "many-%04d", number), session: whole.sequencing)
                }
                let mount = whole.mount
                let counts = try await mount.output(
                    """
                    cd Projects/Trio/Samples && jq -c '.Response | [.TotalCount, .DisplayedCount, (.Items | length)]' .json
                    jq -r '.Response.Items[].Id' .json | sort -u | wc -l
                    ls | wc -l
                    """
                )
                #expect(counts == "[1101,1101,1101]\n1101\n1101\n")
                // The answer of the service, whatever the order of its keys.
                for place in [
                    ".", WholeAccount.sample, "Runs/Exp 1", "Genomes/PhiX - Illumina (RTA)", "BioSamples/S1",
                    WholeAccount.bam,
                ] {
                    let both = try await mount.output(
                        """
                        export BASESPACE_ACCESS_TOKEN=$(cat $HOME/token)
                        cd "$1"; ! grep -q "$BASESPACE_ACCESS_TOKEN" .curl
                        jq -S 'del(.. | .HrefContent?, .UrlAvatar?)' .json | md5sum
                        bash .curl | jq -S 'del(.. | .HrefContent?, .UrlAvatar?)' | md5sum
                        """,
                        place
                    ).split(separator: "\n")
                    #expect(both.count == 2 && both.first == both.last, "\(place)")
                }
                // Every collection's has what its directory has.
                for place in [
                    "Projects", "Runs", "AppSessions", "BioSamples", "Genomes", "Projects/Trio/AppResults",
                    "Projects/Trio/Datasets", "Projects/Trio/AppSessions", "BioSamples/S1/Datasets",
                ] {
                    let counts = try await mount.output(
                        #"cd "$1"; ls | wc -l; jq '(.Response // .).Items | length' .json"#,
                        place
                    ).split(separator: "\n")
                    #expect(
                        counts.count == 2 && counts.first == counts.last && counts.first != "0",
                        "\(place): \(counts)"
                    )
                }
                // A collection's command asks for the same, if only for its first page.
                let first = try await mount.output(
                    "export BASESPACE_ACCESS_TOKEN=$(cat $HOME/token); bash Projects/Trio/AppResults/.curl | jq -r '.Response.Items[].Name'"
                )
                #expect(first == "Calls\n")
            }
        }
    }
}
