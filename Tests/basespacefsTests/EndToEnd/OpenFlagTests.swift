import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Every combination of flags is tried by the same program in a local directory and in the mount: opened, written to,
    /// read, closed, and read again by its path. What differs is in `differences`, and nowhere else.
    @Suite("open(2) with every combination of flags")
    struct OpenFlagTests {
        /// Flags that are combined, and where they are tried.
        private struct Attempt {
            var flags: Set<String>
            var exists: Bool

            var mayChange: Bool { !flags.isDisjoint(with: ["O_WRONLY", "O_RDWR", "O_TRUNC"]) }
            var mustBeNew: Bool { flags.isSuperset(of: ["O_CREAT", "O_EXCL"]) }
        }

        private enum Place: CaseIterable {
            case uploaded, final
        }

        /// A row of the table in `docs/SEMANTICS.md`.
        private struct Difference {
            var place: Place
            /// The row's first three cells.
            var words: String
            var errno: String
            var applies: @Sendable (Attempt) -> Bool

            var row: String { "| \(words) | \(errno) |" }
        }

        private static let differences = [
            Difference(
                place: .uploaded,
                words: "uploaded | `O_WRONLY`, `O_RDWR`, `O_TRUNC` | opens it",
                errno: "EPERM"
            ) { $0.exists && $0.mayChange && !$0.mustBeNew && !$0.flags.contains("O_DIRECTORY") },
            Difference(
                place: .final,
                words: "of a final AppResult or of a sample | `O_WRONLY`, `O_RDWR`, `O_TRUNC` | opens it",
                errno: "EROFS"
            ) { $0.exists && $0.mayChange && !$0.mustBeNew && !$0.flags.contains("O_DIRECTORY") },
            Difference(
                place: .final,
                words: "missing from a final AppResult or from a sample | `O_CREAT` | makes it",
                errno: "EROFS"
            ) { !$0.exists && $0.flags.contains("O_CREAT") },
        ]

        /// The flags of all attempts, as in Python.
        private static let combinations: [String] = {
            let access = ["O_RDONLY", "O_WRONLY", "O_RDWR"]
            let subsets = ["O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND"].reduce([""]) { subsets, flag in
                subsets + subsets.map { "\($0)+\(flag)" }
            }
            let alone = ["+O_DIRECTORY", "+O_NOFOLLOW", "+O_DIRECT", "+O_SYNC", "+O_DSYNC"]
            return access.flatMap { access in (subsets + alone).map { access + $0 } }
        }()

        private static let content = "old content"

        /// `probe.py DIRECTORY FLAGS…`: tries each combination on the file of its name, and on one that is missing.
        private static let probe = """
            import errno, os, sys

            def outcome(call, *arguments):
                try:
                    return str(call(*arguments))
                except OSError as error:
                    return errno.errorcode[error.errno]

            def content(path):
                with open(path, "rb") as file:
                    return file.read().decode()

            os.chdir(sys.argv[1])
            for prefix in "existing-", "missing-":
                for flags in sys.argv[2:]:
                    path, bits = prefix + flags, 0
                    for flag in flags.split("+"):
                        # What O_DIRECT wants of offsets is the local disk's own affair.
                        bits |= getattr(os, flag) if flag != "O_DIRECT" or "Projects/" in sys.argv[1] else 0
                    try:
                        file = os.open(path, bits, 0o644)
                    except OSError as error:
                        print(path, errno.errorcode[error.errno], sep=": ", end="")
                    else:
                        print(path, "write " + outcome(os.write, file, b"new"), sep=": ", end="")
                        print(", read " + outcome(os.pread, file, 100, 0), end="")
                        print(", close " + outcome(os.close, file), end="")
                    print("; " + outcome(content, path))
            """

        /// A directory with the files that exist, and the program, in `$WORK`.
        private static func prepare(_ mount: Mount) async throws {
            try await mount.output(
                """
                mkdir $WORK/local && cd $WORK/local && cat > $WORK/probe.py <<< "$1" && shift
                for flags; do printf '\(content)' > existing-$flags; done
                """,
                [probe] + combinations
            )
        }

        /// What the program says, by the path that it tried.
        private static func outcomes(_ mount: Mount, in directory: String) async throws -> [String: String] {
            let lines = try await mount.output(
                #"directory=$1; shift; python3 $WORK/probe.py "$directory" "$@""#,
                [directory] + combinations
            ).split(separator: "\n")
            #expect(lines.count == 2 * combinations.count)
            return Dictionary(
                uniqueKeysWithValues: lines.compactMap { line in
                    line.firstRange(of: ": ").map { (String(line[..<$0.lowerBound]), String(line[$0.upperBound...])) }
                }
            )
        }

        /// Expects of a directory in the mount what the local one does, but for the rows of a place.
        private static func compare(
            _ mount: Mount,
            in directories: [String],
            to local: [String: String],
            but place: Place? = nil,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let rows = differences.filter { $0.place == place }
            for directory in directories {
                for (path, here) in try await outcomes(mount, in: mount.absolute(directory)) {
                    let parts = path.split(separator: "-", maxSplits: 1).map(String.init)
                    let attempt = Attempt(
                        flags: Set(parts[1].split(separator: "+").map(String.init)),
                        exists: parts[0] == "existing"
                    )
                    let there = local[path]
                    if let row = rows.first(where: { $0.applies(attempt) }) {
                        #expect(
                            there?.contains("close None") == true,
                            "no difference: \(path)",
                            sourceLocation: location
                        )
                        let rest = attempt.exists ? content : "ENOENT"
                        #expect(here == "\(row.errno); \(rest)", "\(path)", sourceLocation: location)
                    } else {
                        #expect(here == there, "\(path) in \(directory)", sourceLocation: location)
                    }
                }
            }
        }

        /// Expects that the service gets what the local directory holds, each file under its path.
        private static func expectArrival(_ mount: Mount, _ result: NewAppResult, files: String) async throws {
            let sums = try await mount.output("cd $WORK/local && md5sum \(files)")
            let wanted = Dictionary(
                uniqueKeysWithValues: sums.split(separator: "\n").map {
                    (String($0.dropFirst(34)), String($0.prefix(32)))
                }
            )
            try? await eventually("all has arrived") {
                mount.account.staged.isEmpty && result.receivedSums == wanted
            }
            let received = result.receivedSums
            #expect(mount.account.staged == [])
            for path in Set(wanted.keys).union(received.keys).sorted() {
                #expect(received[path] == wanted[path], "\(path)")
            }
        }

        @Test("A staged file, and one that is missing, open as on a local disk")
        func staged() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1]), options: "--upload-policy", "complete") {
                mount in
                try await Self.prepare(mount)
                let result = try await mount.makeAppResult()
                try await result.output("cp $WORK/local/* .")
                let local = try await Self.outcomes(mount, in: mount.account.home.file("work/local").string)
                try await Self.compare(mount, in: [result.files], to: local)
                #expect(result.received.isEmpty)
                try await mount.output("echo complete > '\(result.path)/Status'")
                try await Self.expectArrival(mount, result, files: "*")
            }
        }

        @Test("An uploaded file opens for reading only, and one that is missing as on a local disk")
        func uploaded() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                try await Self.prepare(mount)
                let result = try await mount.makeAppResult()
                try await result.output("cp $WORK/local/* .")
                let local = try await Self.outcomes(mount, in: mount.account.home.file("work/local").string)
                try await Self.compare(mount, in: [result.files], to: local, but: .uploaded)
                try await mount.output(
                    "cd $WORK/local; for file in existing-*; do printf '\(Self.content)' > $file; done"
                )
                try await Self.expectArrival(mount, result, files: "*")
            }
        }

        @Test("With --allow-overwrite, an uploaded file opens as on a local disk too")
        func overwritten() async throws {
            try await Mount.using(
                .random(["projects/P/samples/S/x": 1]),
                options: "--allow-overwrite",
                configure: { $0.samePath = .replace }
            ) { mount in
                try await Self.prepare(mount)
                let result = try await mount.makeAppResult()
                try await result.output("cp $WORK/local/* .")
                try await eventually("all is uploaded") { mount.account.staged.isEmpty }
                let local = try await Self.outcomes(mount, in: mount.account.home.file("work/local").string)
                try await Self.compare(mount, in: [result.files], to: local)
                try await Self.expectArrival(mount, result, files: "*")
            }
        }

        @Test("Nothing in a final AppResult or in a sample opens for writing, and nothing new is made there")
        func final() async throws {
            let data = try await AccountData.script(
                """
                mkdir -p projects/P/{samples/S,appresults/R}
                for flags; do for directory in projects/P/*/*; do
                    printf '\(Self.content)' > $directory/existing-$flags
                done; done
                """,
                Self.combinations
            )
            try await Mount.using(data) { mount in
                try await Self.prepare(mount)
                let local = try await Self.outcomes(mount, in: mount.account.home.file("work/local").string)
                let directories = ["Projects/P/Samples/S/Files", "Projects/P/AppResults/R/Files"]
                try await Self.compare(mount, in: directories, to: local, but: .final)
            }
        }

        @Test("A file without a name can't be made: EOPNOTSUPP")
        func nameless() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let result = try await mount.makeAppResult()
                try await mount.expect(
                    "python3 -c 'import os; os.open(\"\(result.files)\", os.O_TMPFILE | os.O_RDWR)'",
                    failsWith: "Operation not supported"
                )
            }
        }

        @Test("A file that was made with O_RDONLY and is kept open holds up neither a rename nor Status")
        func keptOpen() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let result = try await mount.makeAppResult()
                try await result.output(
                    """
                    flock lock true
                    python3 -c '
                    import os
                    kept = [os.open(name, os.O_CREAT | os.O_RDONLY) for name in ("lock", "other", "renamed")]
                    os.rename("renamed", "new")
                    with open("../Status", "wb", 0) as status: status.write(b"complete")
                    '
                    """
                )
                #expect(try await result.session().status == "Complete")
                #expect(result.received.map(\.path).sorted() == ["lock", "new", "other"])
                try await eventually("nothing is staged") { mount.account.staged.isEmpty }
            }
        }

        @Test("The differences are those that the documentation lists")
        func documentation() throws {
            let root = FilePath(#filePath).removingLastComponent().appending("../../..")
            let text = try String(contentsOfFile: root.appending("docs/SEMANTICS.md").string, encoding: .utf8)
            let section = try #require(text.components(separatedBy: "\n## Open flags\n").dropFirst().first)
            let table = section.split(separator: "\n").drop { !$0.hasPrefix("|---") }.dropFirst().prefix {
                $0.hasPrefix("|")
            }
            let nameless = "| without a name | `O_TMPFILE` | makes it, if the disk can | EOPNOTSUPP |"
            #expect(table.map(String.init) == Self.differences.map(\.row) + [nameless])
        }
    }
}
