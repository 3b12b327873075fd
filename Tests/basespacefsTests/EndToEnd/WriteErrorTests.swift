import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What goes wrong while writing, in errno and words")
    struct WriteErrorTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let post = Fault.Match(listener: .api, method: "POST", path: "*/appresults/*/files")

        private static func using(
            _ options: String...,
            body: (Mount, NewAppResult) async throws -> Void
        ) async throws {
            let options = options
            try await Account.using(.random(data)) { account in
                let mount = try await account.mount(options: ["--upload-part-size", "5M"] + options)
                try await body(mount, try await mount.makeAppResult())
            }
        }

        /// A request on the way of a file to the service.
        enum Step: CaseIterable {
            case whole, begin, part, complete

            var bytes: Int { self == .whole ? 1000 : 6 << 20 }

            var requests: Fault.Match {
                switch self {
                case .whole, .begin: post
                case .part: .init(listener: .api, method: "PUT", path: "*/parts/2")
                case .complete: .init(listener: .api, method: "POST", path: "*/v1pre3/files/*")
                }
            }
        }

        private static let refusals = [
            (400, "Invalid argument"), (403, "Permission denied"), (404, "No such file or directory"),
            (409, "File exists"), (413, "File too large"),
        ]

        @Test(
            "What the service answers at any step is the errno of cp, and a line of the log",
            arguments: Step.allCases
        )
        func steps(step: Step) async throws {
            try await Self.using { mount, result in
                try await mount.output("head -c \(step.bytes) /dev/urandom > $WORK/f")
                for (status, message) in Self.refusals {
                    mount.account.simulator.setFaults([.init(.status(status), on: step.requests)])
                    let name = "f\(status)"
                    try await mount.expect("cp $WORK/f '\(result.files)/\(name)'", failsWith: message)
                    let line = mount.account.log.split(separator: "\n").last { $0.contains("Upload of") } ?? ""
                    #expect(line.contains("'\(name)'") && line.contains("\(status)"), "\(line)")
                    let copy = mount.account.staged.first { $0.hasSuffix(name) } ?? "missing"
                    #expect(line.contains("kept in '\(mount.account.stagingDirectory.appending(copy))'"), "\(line)")
                }
                mount.account.simulator.setFaults([])
                #expect(result.received.isEmpty)
                try await mount.output("echo complete > '\(result.path)/Status'")
                let sum = try await mount.output("md5sum < $WORK/f").prefix(32)
                #expect(
                    result.receivedSums
                        == Dictionary(uniqueKeysWithValues: Self.refusals.map { ("f\($0.0)", "\(sum)") })
                )
                #expect(mount.account.staged == [])
            }
        }

        @Test(
            "background: what can't be uploaded is an error of fsync, of Status and of unmount, which name the files",
            arguments: Step.allCases
        )
        func background(step: Step) async throws {
            try await Self.using("--upload-policy", "background") { mount, result in
                mount.account.simulator.setFaults([.init(.status(403), on: step.requests)])
                try await result.output(
                    "mkdir d; for name in one two; do head -c \(step.bytes) /dev/urandom > d/$name; done; cp d/* $WORK"
                )
                try await mount.expect("sync '\(result.files)/d'", failsWith: "Input/output error")
                try await mount.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                #expect(mount.account.log.contains("can't be ended: 'd/one', 'd/two' could not be uploaded"))
                #expect(try await result.session().status == "Running")
                try await result.output("cmp d/one $WORK/one && cmp d/two $WORK/two")

                let unmount = try await mount.unmount()
                #expect(unmount.status == 1)
                for name in ["d/one", "d/two"] {
                    #expect(unmount.errors.contains("'\(name)'"), "\(unmount.errors)")
                }
                #expect(result.received.isEmpty)
                mount.account.simulator.setFaults([])
                _ = try await mount.account.mount("--upload-part-size", "5M")
                try await eventually("both have arrived") {
                    result.received.map(\.path).sorted() == ["d/one", "d/two"]
                }
            }
        }

        @Test("A file of more parts than the service takes is too large, and can be removed")
        func tooLarge() async throws {
            try await Self.using { mount, result in
                try await mount.expect(
                    "printf x | dd of='\(result.files)/f' bs=1 seek=6000000000000",
                    failsWith: "File too large"
                )
                #expect(mount.account.log.contains("which is all that an upload can have"))
                try await mount.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                try await result.output("rm f; echo x > f")
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.size) == [2])
            }
        }

        @Test("df shows the staging area's disk", .enabled(if: SmallDisk.isAvailable))
        func freeSpace() async throws {
            try await Account.using(.random(Self.data)) { account in
                let disk = try SmallDisk(bytes: 8 << 20)
                let mount = try await account.mount(
                    "--upload-policy",
                    "complete",
                    environment: ["XDG_STATE_HOME": disk.path.string]
                )
                let result = try await mount.makeAppResult()
                let free = {
                    try await mount.output("df -B1 --output=size,avail . '\(disk.path)' | tail -n 2").split(
                        separator: "\n"
                    )
                }
                let before = try await free()
                #expect(before.first == before.last)
                try await result.output("head -c 3000000 /dev/zero > f")
                let after = try await free()
                #expect(after.first == after.last)
                #expect(after != before)
            }
        }

        @Test("The type of a staged file follows the rules of extended attributes, and arrives with it, also in parts")
        func contentType() async throws {
            try await Self.using { mount, result in
                let said = try await result.output(
                    """
                    python3 -c '
                    import errno, os
                    name = "user.basespace.content_type"
                    def say(call, *arguments):
                        try: print(call(*arguments))
                        except OSError as error: print(errno.errorcode[error.errno])
                    file = open(".f.bin", "wb", 0)
                    say(os.setxattr, ".f.bin", name, b"text/x-none", os.XATTR_REPLACE)
                    say(os.setxattr, file.fileno(), name, b"text/x-one", os.XATTR_CREATE)
                    say(os.setxattr, ".f.bin", name, b"text/x-two", os.XATTR_CREATE)
                    say(os.setxattr, ".f.bin", name, b"text/x-three", os.XATTR_REPLACE)
                    say(os.setxattr, ".f.bin", name, b"")
                    say(os.setxattr, ".f.bin", name, b"text/x\\r\\nHost: x")
                    say(os.setxattr, ".f.bin", name, b"text/\\x7f")
                    say(os.setxattr, ".f.bin", name, b"text/\\xff")
                    say(os.setxattr, ".f.bin", "user.other", b"x")
                    say(os.getxattr, ".f.bin", name)
                    file.write(bytes(6 << 20))
                    file.close()
                    os.rename(".f.bin", "f.bin")
                    say(os.setxattr, "f.bin", name, b"text/x-late")
                    say(os.removexattr, "f.bin", name)
                    say(os.getxattr, "f.bin", name)
                    open(".g.txt", "w").write("x")
                    os.setxattr(".g.txt", name, b"text/x-one")
                    say(os.removexattr, ".g.txt", name)
                    say(os.removexattr, ".g.txt", name)
                    os.rename(".g.txt", "g.txt")
                    '
                    """
                )
                let expected = """
                    ENODATA None EEXIST None EINVAL EINVAL EINVAL EINVAL ENOTSUP b'text/x-three'
                    EPERM EPERM b'text/x-three' None ENODATA
                    """
                #expect(said.split(whereSeparator: \.isWhitespace) == expected.split(whereSeparator: \.isWhitespace))
                let types = Dictionary(uniqueKeysWithValues: result.received.map { ($0.path, $0.contentType) })
                #expect(types == ["f.bin": "text/x-three", "g.txt": "text/plain"])
            }
        }

        // MARK: Status

        @Test("An unknown word is EINVAL, and the log lists those that are allowed")
        func unknownWord() async throws {
            try await Self.using { mount, result in
                try await mount.expect("echo finished > '\(result.path)/Status'", failsWith: "Invalid argument")
                let line = mount.account.log.split(separator: "\n").last { $0.contains("'finished' is no state") } ?? ""
                for word in ["running", "needsattention", "timedout", "complete", "aborted"] {
                    #expect(line.contains(word), "\(line)")
                    // What is listed is allowed.
                    try await mount.output(
                        "echo \(word) > \"Projects/P/AppResults/$1/Status\"",
                        try await Self.fresh(mount)
                    )
                }
                try await mount.expect(
                    "printf 'complete %0129d' 1 > '\(result.path)/Status'",
                    failsWith: "Invalid argument"
                )
                #expect(mount.account.log.contains("a summary of 129 characters is too long; 128 are allowed"))
                // Characters are counted, not bytes.
                try await mount.output(
                    "python3 -c 'print(\"complete \" + \"ü\" * 128, end=\"\")' > '\(result.path)/Status'"
                )
                #expect(try await result.session().statusSummary.count == 128)
            }
        }

        private static func fresh(_ mount: Mount) async throws -> String {
            let name = "R\(UInt32.random(in: 0 ... .max))"
            _ = try await mount.makeAppResult(name)
            return name
        }

        /// AppResults of one session, made by somebody else.
        private static func siblings(_ count: Int, in mount: Mount) async throws -> [NewAppResult] {
            let client = ServiceClient(mount.account.simulator)
            let project = try await mount.output("getfattr --only-values -n user.basespace.id Projects/P")
            var results: [NewAppResult] = []
            var session = ""
            for number in 1...count {
                let name = "R\(number)"
                let reply = await client.call(
                    "POST",
                    "projects/\(project)/appresults",
                    body: Array(#"{"Name":"\#(name)","HrefAppSession":"\#(session)"}"#.utf8)
                )
                let own = try #require((reply["AppSession"] as? [String: Any])?["Id"] as? String)
                session = "v1pre3/appsessions/\(own)"
                let id = try #require(reply["Id"] as? String)
                results.append(NewAppResult(mount: mount, path: "Projects/P/AppResults/\(name)", id: id))
            }
            return results
        }

        /// What the modes say of paths that a shell expands.
        private static func areWritable(_ paths: String, in mount: Mount) async throws -> Set<Bool> {
            Set(
                try await mount.output("stat -c %A \(paths)").split(separator: "\n").map {
                    $0.dropFirst(2).first == "w"
                }
            )
        }

        @Test("A session of many AppResults ends for all, with all files; one that is open for writing is EBUSY")
        func manyAppResults() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let results = try await Self.siblings(13, in: mount)
                let first = results[0]
                let last = results[12]
                for result in results {
                    try await result.output("echo \(result.id) > f && mkdir d && echo \(result.id) > d/g")
                }
                let go = mount.account.home.file("work/go").string
                let writer = try mount.start(
                    "bash",
                    "-c",
                    "cd '\(mount.absolute(last.files))'; { echo x; until [ -e \(go) ] || ((SECONDS > 60)); do read -rt 0.05 < <(:); done; echo y; } > open"
                )
                try await eventually("a file is open") {
                    try await mount.run("test -s '\(last.files)/open'").status == 0
                }
                try await mount.expect("echo complete > '\(first.path)/Status'", failsWith: "Device or resource busy")
                #expect(mount.account.log.contains("can't be ended: 'open' is open for writing"))
                #expect(results.allSatisfy { $0.received.isEmpty })
                try await mount.output("touch \(go)")
                #expect(try await writer.result().status == 0)

                // Somebody has just looked at everything.
                let looked = "Projects/P/AppResults/*/{Files,Files/d,Status}"
                #expect(try await Self.areWritable(looked, in: mount) == [true])
                mount.account.simulator.setFaults([.init(.status(403), on: Self.post)])
                try await mount.expect("echo complete > '\(first.path)/Status'", failsWith: "Input/output error")
                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(first.path)/Status'")
                for result in results {
                    #expect(result.received.map(\.path).sorted().filter { $0 != "open" } == ["d/g", "f"])
                    try await mount.expect("echo x > '\(result.files)/new'", failsWith: "Read-only file system")
                }
                try await eventually("all is read-only for the kernel too") {
                    try await Self.areWritable(looked, in: mount) == [false]
                }
                #expect(mount.account.staged == [])
            }
        }

        @Test("After `complete`, what was just looked at is read-only at once, for the kernel's caches too")
        func readOnlyAtOnce() async throws {
            try await Account.using(.random(Self.data), configure: { $0.samePath = .replace }) { account in
                let mount = try await account.mount("--allow-overwrite")
                let result = try await mount.makeAppResult()
                try await result.output("mkdir -p d/e; echo x > d/e/f; echo y > g")
                try await eventually("both have arrived") { account.staged.isEmpty }
                let looked = "'\(result.path)'/{.,Status,StatusSummary,Files,Files/{d,d/e,d/e/f,g}}"
                #expect(try await Self.areWritable(looked, in: mount) == [true])
                try await mount.output("echo complete > '\(result.path)/Status'")
                try await eventually("all of it is read-only") {
                    try await Self.areWritable(looked, in: mount) == [false]
                }
                for file in ["d/e/f", "g", "d/e/new"] {
                    try await mount.expect("echo z > '\(result.files)/\(file)'", failsWith: "Read-only file system")
                }
            }
        }

        @Test("A session that timed out can still be worked on, and completed")
        func timedOut() async throws {
            try await Self.using { mount, result in
                await ServiceClient(mount.account.simulator).set("TimedOut", ofSession: try await result.session().id)
                try await eventually("it is heard of") {
                    try await mount.output("cat '\(result.path)/Status'") == "TimedOut\n"
                }
                try await result.output("mkdir d; echo x > d/f; cat d/f")
                #expect(result.received.map(\.path) == ["d/f"])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(try await result.session().status == "Complete")
            }
        }

        // MARK: Names

        @Test("Names of any characters arrive as they are; control characters and long names are refused")
        func names() async throws {
            try await Self.using { mount, result in
                let names = [
                    "a b", " leading", "trailing ", "100%", "%2F", "a+b", "a&b=c", "q?x#y", "semi;colon", "back\\slash",
                    "quo\"te'", "[brackets]", "*", "~", "-dash", "ü", "日本語", "🧬", "a..b",
                    String(repeating: "n", count: 255),
                ]
                for name in names {
                    let text = try await mount.output(
                        #"cd "$1" && mkdir -- "$2" && echo "$2" > "./$2/$2" && cat "./$2/$2""#,
                        result.files,
                        name
                    )
                    #expect(text == "\(name)\n")
                }
                #expect(result.received.map(\.path).sorted() == names.map { "\($0)/\($0)" }.sorted())

                let long = String(repeating: "n", count: 256)
                for name in ["a\tb", "a\nb", "a\u{7f}b", "a\u{1}b"] {
                    for change in [
                        "echo x > \"$NAME\"", "mkdir \"$NAME\"",
                        "echo x > .x; python3 -c 'import os, sys; os.rename(\".x\", sys.argv[1])' \"$NAME\"",
                    ] {
                        try await mount.expect(
                            "cd '\(result.files)'; NAME='\(name)'; \(change)",
                            failsWith: "Invalid argument"
                        )
                    }
                }
                try await mount.expect("cd '\(result.files)'; echo x > \(long)", failsWith: "File name too long")
                try await mount.expect("cd '\(result.files)'; mkdir \(long)", failsWith: "File name too long")
                try await mount.expect("cd '\(result.files)'; echo x > ..", failsWith: "Is a directory")
                #expect(result.received.count == names.count)
            }
        }

        @Test("A name keeps its Unicode form; two that differ in nothing else are one name")
        func unicodeForms() async throws {
            try await Self.using { mount, result in
                let (composed, decomposed) = ("\u{e9}", "e\u{301}")
                try await result.output(
                    #"echo x > "$1"; cat "$2"; ! (set -C; echo y > "$2") 2> /dev/null"#,
                    decomposed,
                    composed
                )
                let names = try await result.output("ls")
                #expect(Array(names.utf8) == Array("\(decomposed)\n".utf8))
                #expect(result.received.map { Array($0.path.utf8) } == [Array(decomposed.utf8)])
            }
        }
    }
}
