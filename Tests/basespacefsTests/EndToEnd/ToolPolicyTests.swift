import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The manual's table of tools, measured: each script makes in `Files/` what it makes in a local directory, and the
    /// service has that and nothing else, just where the table says yes.
    @Suite("Which tools work with which policy")
    struct ToolPolicyTests {
        /// How a mount treats what was closed.
        enum Mode: CaseIterable {
            case close
            case background
            case overwrite
            case complete

            var options: [String] {
                switch self {
                case .close: []
                case .background: ["--upload-policy", "background"]
                case .overwrite: ["--allow-overwrite"]
                case .complete: ["--upload-policy", "complete"]
                }
            }
        }

        /// A row of the manual's table.
        struct Row {
            let name: String
            /// Under `close` and `background` alike.
            var close = true
            var overwrite = true
            /// Scripts that find a file `text`, which the service may have by then.
            let scripts: [String]

            func works(in mode: Mode) -> Bool {
                switch mode {
                case .close, .background: close
                case .overwrite: overwrite
                case .complete: true
                }
            }
        }

        private static func always(_ name: String, _ scripts: String...) -> Row {
            Row(name: name, scripts: scripts)
        }

        private static func overwriting(_ name: String, _ scripts: String...) -> Row {
            Row(name: name, close: false, scripts: scripts)
        }

        private static func completing(_ name: String, _ scripts: String...) -> Row {
            Row(name: name, close: false, overwrite: false, scripts: scripts)
        }

        private static let rows = [
            always(
                "cp, cp -r, install, dd, tar x: new files",
                "cp $WORK/a . && cp -r --reflink=auto $WORK/tree .",
                "install -m 644 $WORK/a .",
                "dd if=$WORK/a of=f bs=1000 seek=50 status=none",
                "tar c -C $WORK tree | tar x"
            ),
            always("mv into the mount", "cp -r $WORK/tree $WORK/moved && mv $WORK/moved ."),
            always("rsync -a: new files", "rsync -a $WORK/tree ."),
            always("gzip -k, gzip -c, bgzip -c", "gzip -nk text", "gzip -nc text > f.gz", "bgzip -c text > f.gz"),
            always(
                "samtools view, samtools index",
                "samtools view --no-PG -b -o f.bam $WORK/in.bam && samtools index f.bam"
            ),
            always("samtools sort -T elsewhere", "samtools sort --no-PG -m 1M -T $WORK/sort -o f.bam $WORK/big.bam"),
            completing(
                "samtools sort of more than fits into memory",
                "samtools sort --no-PG -m 1M -o f.bam $WORK/big.bam"
            ),
            always("bcftools view, tabix", "bcftools view --no-version -Oz -o f.vcf.gz $WORK/in.vcf && tabix f.vcf.gz"),
            always("touch", "touch text", "touch -d 2020-01-01 text f"),
            always("touch, then writing", "touch f && cp $WORK/a f", ": > f; seq 10 >> f"),
            always("vim: a new file", "vim -Nu NONE -es -c 'call setline(1, [1, 2])' -c 'wq' f"),
            always("renaming a dot name: new files", replacing("f", from: ".f.tmp")),
            overwriting("renaming a dot name over a file", replacing("text", from: ".f")),
            overwriting(
                "cp, >, >>: over a file",
                "cp $WORK/a text",
                "seq 9 > text",
                "seq 9 >> text"
            ),
            overwriting("rsync -a: over a file", "rsync -a $WORK/a text"),
            overwriting("rsync --inplace: over a file", "rsync -a --inplace $WORK/a text"),
            overwriting("truncate", "truncate -s 3 text"),
            overwriting(
                "vim: an existing file",
                "vim -Nu NONE -es -c '%s/one/three/' -c 'wq' text"
            ),
            completing("sed -i, perl -i", "sed -i s/one/three/ text", "perl -pi -e s/one/three/ text"),
            completing("gzip, bgzip: in place", "gzip -n text", "bgzip text"),
            completing("install over a file", "install -m 644 $WORK/a text"),
            completing("renaming another name", replacing("f", from: "f.tmp")),
            completing("mv or rm of a file in the mount", "mv text f", "rm text"),
        ]

        private static func replacing(_ name: String, from temporary: String) -> String {
            "python3 -c 'import os; open(\"\(temporary)\", \"w\").write(\"new\"); os.replace(\"\(temporary)\", \"\(name)\")'"
        }

        private static let sources = """
            demo="$DATA/projects/Lambda phage: resequencing/appresults/Lambda-1 BWA"
            cd $WORK && cp "$demo"/*.bam in.bam && zcat "$demo"/variants/*.vcf.gz > in.vcf
            samtools cat -o big.bam in.bam in.bam in.bam
            mkdir -p tree/sub && head -c 300000 /dev/urandom > a && cp a tree && seq 10 > tree/sub/b
            """

        @Test("The manual's table is what happens", arguments: Mode.allCases)
        func table(mode: Mode) async throws {
            let configure = { (configuration: inout Simulator.Configuration) in
                if mode == .overwrite { configuration.samePath = .replace }
            }
            try await Account.using(.demo, configure: configure) { account in
                let mount = try await account.mount(options: mode.options)
                let result = try await mount.makeAppResult("R", in: "Lambda phage: resequencing")
                try await mount.output(Self.sources)
                let scripts = Self.rows.flatMap { row in row.scripts.map { (row, $0) } }
                let prepare = "for i in {1..\(scripts.count)}; do mkdir $i; printf 'one\\ntwo\\n' > $i/text; done"
                let run = scripts.enumerated().map { number, script in
                    """
                    ( cd \(number + 1) || exit; \(script.1)
                    ) < /dev/null > "$LOG.\(number + 1)" 2>&1
                    echo $?
                    """
                }.joined(separator: "\n")

                try await mount.output("mkdir $WORK/local; cd $WORK/local; LOG=$WORK/local-log; \(prepare); \(run)")
                try await result.output(prepare)
                if mode != .complete {
                    try await eventually("what was there before is uploaded") { account.staged.isEmpty }
                }
                let statuses = try await result.output("LOG=$WORK/log; \(run)").split(separator: "\n")
                try await mount.output("echo complete > '\(result.path)/Status'")

                let wanted = try await mount.output("cd $WORK/local && find * -type f | LC_ALL=C sort | xargs md5sum")
                let shown = try await result.output("find * -type f | LC_ALL=C sort | xargs md5sum")
                let sent = result.receivedSums.map { "\($1)  \($0)\n" }.joined()
                for (number, (row, script)) in scripts.enumerated() {
                    let files = Self.lines(of: wanted, below: number + 1)
                    let worked =
                        statuses[number] == "0" && Self.lines(of: shown, below: number + 1) == files
                        && Self.lines(of: sent, below: number + 1) == files
                    let said = try await mount.output("cat $WORK/log.\(number + 1)")
                    #expect(worked == row.works(in: mode), "\(row.name): `\(script)`: \(said)")
                }
            }
        }

        private static func lines(of sums: String, below directory: Int) -> [Substring] {
            sums.split(separator: "\n").filter { $0.contains("  \(directory)/") }.sorted()
        }

        @Test("The manual has this table")
        func manual() throws {
            let root = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
            let text = try String(contentsOf: root.appending(path: "man/basespacefs.1"), encoding: .utf8)
            // There are other tables; this one says yes or no.
            let written = text.split(separator: "\n").filter { line in
                line.hasPrefix(".It ") && (line.hasSuffix(" Ta yes") || line.hasSuffix(" Ta no"))
            }
            let measured = Self.rows.map { row in
                ([row.name] + [row.close, row.overwrite, true].map { $0 ? "yes" : "no" }).joined(separator: " Ta ")
            }
            #expect(written.map { String($0.dropFirst(".It ".count)).replacing("\\-", with: "-") } == measured)
        }
    }
}
