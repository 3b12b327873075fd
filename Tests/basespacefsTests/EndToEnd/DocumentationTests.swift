import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What README and basespacefs-tree(7) show, and say of the tree beside its tables.
    @Suite("Examples and claims of the documentation")
    struct DocumentationTests {
        private static func text(_ path: String) throws -> String {
            let root = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
            return try String(contentsOf: root.appending(path: path), encoding: .utf8)
        }

        @Test("What jq gets from Runs/.json are names of directories, in both places that show it")
        func runs() async throws {
            let readme = try Self.text("README.md").split(separator: "\n").map { String($0) }
            let line = try #require(readme.first { $0.hasPrefix("$ jq ") && $0.hasSuffix(" Runs/.json") })
            let command = String(line.dropFirst(2))
            let page = try Self.text("man/basespacefs-tree.7").replacing("\n    ", with: " ")
            #expect(page.contains("\n\(command)\n"))
            try await WholeAccount.using { whole in
                try whole.simulator.addRun("240102_M1_0002_A")
                try whole.simulator.addRun("240103_M1_0003_A", experiment: "Later", status: "Running")
                let shown = try await whole.mount.output("\(command) | sort")
                #expect(shown == "240102_M1_0002_A\nExp 1\n")
                #expect(try await whole.mount.output("cd Runs && ls | grep -vx Later") == shown)
                #expect(try await whole.mount.output("cat 'Runs/Exp 1/.name'") == "Exp 1\n")
            }
        }

        @Test("What has no name at the service is called by its id")
        func nameless() async throws {
            try await Account.using(.script("true")) { account in
                let project = account.simulator.addProject("")
                let sample = try project.addSample("")
                let run = try account.simulator.addRun("", experiment: "")
                let mount = try await account.mount()
                #expect(
                    try await mount.output("ls Projects Projects/*/Samples Runs && cat Projects/*/.name") == """
                        Projects:
                        \(project.id)

                        Projects/\(project.id)/Samples:
                        \(sample.id)

                        Runs:
                        \(run.id)
                        \(project.id)

                        """
                )
            }
        }

        @Test("The names .id.<id> are in no listing, also with listmeta")
        func links() async throws {
            try await WholeAccount.using(options: { _ in ["-o", "listmeta"] }) { whole in
                let samples = "\(WholeAccount.project)/Samples"
                let shown = try await whole.mount.output("ls -A \(samples) Projects")
                #expect(shown.contains(".json\n") && !shown.contains(".id"), "\(shown)")
                try await whole.mount.output("test -d \(samples)/.id.\(whole.sample.id)")
            }
        }

        /// The calls that `ls -l` makes in a directory that was listed before.
        private func calls(_ whole: WholeAccount, _ place: String) async throws -> [String] {
            try await whole.mount.output(#"ls "$1" > /dev/null"#, place)
            whole.simulator.resetRequests()
            try await whole.mount.output(#"ls -l "$1" > /dev/null"#, place)
            return whole.simulator.requests.filter { $0.listener == .api }.map(\.path)
        }

        @Test("ls -l in a directory that is listed makes no call, but the first time in a sample's own one")
        func longListings() async throws {
            try await WholeAccount.using { whole in
                for place in ["Projects", WholeAccount.project, "\(WholeAccount.project)/Samples", "Runs/Exp 1"] {
                    #expect(try await calls(whole, place) == [], "\(place)")
                }
                let sample = "/v1pre3/samples/\(whole.sample.id)"
                let first = try await calls(whole, WholeAccount.sample)
                #expect((1...2).contains(first.count) && Set(first) == [sample], "\(first)")
                #expect(try await calls(whole, WholeAccount.sample) == [])
            }
        }

        @Test("Python's glob goes round in the links of sessions with **, and pathlib's does not")
        func recursiveGlobs() async throws {
            try await WholeAccount.using { whole in
                let script = """
                    import glob, itertools, pathlib
                    found = glob.iglob("Projects/Trio/Samples/**", recursive=True)
                    print(any(path.count("ParentAppSession") > 1 for path in itertools.islice(found, 2000)))
                    print(*sorted(map(str, pathlib.Path("Projects").glob("**/*_R1.fastq.gz"))), sep="\\n")
                    """
                let shown = try await whole.mount.output("python3 -c \"$1\"", script)
                #expect(
                    shown == """
                        True
                        Projects/Trio/Datasets/S1/Files/S1_R1.fastq.gz
                        Projects/Trio/Samples/S1/Files/S1_R1.fastq.gz

                        """
                )
            }
        }
    }
}
