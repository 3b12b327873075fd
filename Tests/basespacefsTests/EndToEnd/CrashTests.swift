import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// The daemon is killed (`kill -9`) and the account mounted again: nothing is lost, nothing arrives twice, and what was
    /// closed goes on by itself.
    @Suite("A daemon that is killed while it uploads")
    struct CrashTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let partSize: Int64 = 5 << 20

        /// Steps of an upload, each with what keeps the daemon there.
        enum Step: CaseIterable {
            case wholeIsAsked, wholeIsAnswered, begun, partsSent, allPartsSent, joined

            /// What stops it there.
            fileprivate var faults: [Fault] {
                let file = Fault.Match(method: "POST", path: "*/appresults/*/files")
                let end = Fault.Match(method: "POST", path: "/v1pre3/files/*")
                return switch self {
                case .wholeIsAsked: [Fault(.hang, on: file)]
                case .wholeIsAnswered: [Fault(.stall(afterBytes: 0), on: file)]
                case .begun: [Fault(.hang, on: .init(method: "PUT"))]
                case .partsSent: (3...5).map { Fault(.hang, on: .init(method: "PUT", path: "*/parts/\($0)")) }
                case .allPartsSent: [Fault(.hang, on: end)]
                case .joined: [Fault(.stall(afterBytes: 0), on: end)]
                }
            }

            /// Five parts, or one request.
            fileprivate var size: Int64 { isWhole ? 100_000 : 22_000_000 }

            private var isWhole: Bool { self == .wholeIsAsked || self == .wholeIsAnswered }

            /// Parts that the service acknowledged.
            fileprivate var partsSent: Int {
                switch self {
                case .wholeIsAsked, .wholeIsAnswered, .begun: 0
                case .partsSent: 2
                case .allPartsSent, .joined: 5
                }
            }

            /// Whether the service has the file, though nobody was told.
            fileprivate var hasArrived: Bool { self == .wholeIsAnswered || self == .joined }

            /// Whether the daemon's last request has come.
            fileprivate func isReached(in simulator: Simulator) -> Bool {
                let last = simulator.requests.last { request in
                    switch self {
                    case .wholeIsAsked, .wholeIsAnswered: request.method == "POST" && request.path.hasSuffix("/files")
                    case .begun, .partsSent: request.method == "PUT"
                    case .allPartsSent, .joined: request.method == "POST" && request.path.contains("/v1pre3/files/")
                    }
                }
                return last.map { $0.finished == nil && (!hasArrived || $0.status != nil) } ?? false
            }
        }

        /// The policies with each step.
        private static let cases = ["close", "background"].flatMap { policy in Step.allCases.map { (policy, $0) } }

        @Test("What was closed goes on where it stood: what has arrived is not sent again", arguments: cases)
        func closed(policy: String, step: Step) async throws {
            try await Account.using(.random(Self.data)) { account in
                let options = ["--upload-part-size", "5M", "--upload-policy", policy]
                let mount = try await account.mount(options[0], options[1], options[2], options[3])
                let result = try await mount.makeAppResult()
                try await result.output("mkdir -p d && head -c \(step.size) /dev/urandom > $WORK/f")
                let sum = String(try await mount.output("md5sum < $WORK/f").prefix(32))
                account.simulator.setFaults(step.faults)
                let copy = try mount.start(
                    "cp",
                    account.home.file("work/f").string,
                    mount.absolute(result.files + "/d")
                )
                let sent = min(Int64(step.partsSent) * Self.partSize, step.size)
                try await eventually("it is there") {
                    guard step.isReached(in: account.simulator) else { return false }
                    let upload = try await account.uploads.first
                    return upload?.state == "uploading" && upload?.sent == sent
                }

                try await mount.crash()
                _ = try await copy.result()
                #expect(result.received.count == (step.hasArrived ? 1 : 0))
                let left = try #require(try await account.uploads.first)
                #expect(left.state == "waiting" && left.path == "d/f" && left.sent == sent && !left.mounted)

                account.simulator.resetRequests()
                let next = try await account.mount("--upload-part-size", "5M")
                #expect(try await next.output("md5sum < '\(result.files)/d/f'").prefix(32) == sum)
                try await result.expectArrived(["d/f": sum])
                let missing = step.size > Self.partSize ? Array(1...5).dropFirst(step.partsSent) : []
                #expect(account.acceptedParts == Dictionary(uniqueKeysWithValues: missing.map { ($0, 1) }))
                #expect(result.acceptedUploads == (step == .wholeIsAsked ? 1 : 0))
                #expect(account.abortedUploads == 0)
                #expect(try await next.unmount().status == 0)
            }
        }

        @Test("Killed again and again, it gets there, and sends no part twice that was acknowledged")
        func again() async throws {
            try await Account.using(.random(Self.data)) { account in
                let options = ["--upload-part-size", "5M", "--upload-policy", "background"]
                var mount = try await account.mount(options[0], options[1], options[2], options[3])
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 22000000 /dev/urandom > $WORK/f")
                for part in 1...5 {
                    // Each life of the daemon sends one part more.
                    account.simulator.setFaults(
                        (part...5).map { Fault(.hang, on: .init(method: "PUT", path: "*/parts/\($0)")) }
                    )
                    if part == 1 {
                        try await result.output("cp $WORK/f .")
                    } else {
                        mount = try await account.mount(options[0], options[1], options[2], options[3])
                    }
                    try await eventually("the part before is there") {
                        try await account.uploads.first?.sent == Int64(part - 1) * Self.partSize
                    }
                    #expect(account.acceptedParts == (part == 1 ? [:] : [part - 1: 1]))
                    try await mount.crash()
                    account.simulator.resetRequests()
                }
                mount = try await account.mount(options[0], options[1], options[2], options[3])
                let sum = String(try await mount.output("md5sum < $WORK/f").prefix(32))
                try await result.expectArrived(["f": sum])
                #expect(account.acceptedParts == [5: 1])
            }
        }

        @Test("A mount with another part size begins again, and ends the upload that is open at the service")
        func otherPartSize() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-part-size", "5M", "--upload-policy", "background")
                let result = try await mount.makeAppResult()
                account.simulator.setFaults(Step.partsSent.faults)
                try await result.output("head -c 22000000 /dev/urandom > $WORK/f && cp $WORK/f .")
                try await eventually("two parts are there") {
                    try await account.uploads.first?.sent == 2 * Self.partSize
                }
                try await mount.crash()
                account.simulator.resetRequests()
                _ = try await account.mount("--upload-part-size", "8M")
                let sum = String(try await mount.output("md5sum < $WORK/f").prefix(32))
                try await result.expectArrived(["f": sum])
                #expect(account.acceptedParts == [1: 1, 2: 1, 3: 1])
                #expect(account.abortedUploads == 1)
            }
        }

        @Test("What waits for Status waits in a mount with another policy too; one that is read-only sends nothing")
        func waitingElsewhere() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo data > a")
                try await mount.crash()

                let reader = try await account.mount("--read-only")
                #expect(try await reader.output("ls '\(result.path)/Files'") == "")
                // It would wait for what is on its way.
                #expect(try await reader.unmount().status == 0)
                #expect(result.received.isEmpty)

                let next = try await account.mount()
                try await next.output("echo more > '\(result.path)/Files/b'")
                #expect(result.received.map(\.path) == ["b"])
                try await account.expectUploads(["a": "waiting"])
                try await next.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.path).sorted() == ["a", "b"])
            }
        }

        @Test("A session is not ended while another mount has files of it that are not uploaded")
        func filesOfAnotherMount() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo data > a")
                let other = try await account.mount(at: "other")
                let status = "'\(result.path)/Status'"
                try await other.expect("echo complete > \(status)", failsWith: "Device or resource busy")
                #expect(try await other.output("cat '\(result.path)/.error'").contains("'a' is another mount's"))
                #expect(try await other.output("cat \(status)") == "Running\n")
                try await mount.output("echo complete > \(status)")
                #expect(result.received.map(\.path) == ["a"])
            }
        }

        @Test("The Status of the session itself waits for files in AppResults that nobody has looked at")
        func statusOfTheSession() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo data > a")
                let status = ".by-id/appsessions/\(try await result.session().id)/Status"
                let other = try await account.mount(at: "other")
                try await other.expect("echo complete > \(status)", failsWith: "Device or resource busy")
                #expect(try await other.unmount().status == 0)
                try await mount.crash()

                let next = try await account.mount("--upload-policy", "complete")
                try await next.output("echo complete > \(status)")
                #expect(result.received.map(\.path) == ["a"])
                #expect(try await result.session().status == "Complete")
            }
        }

        @Test("What waits for Status is there as it was: renamed, with its time, its mode and its type")
        func waitingForStatus() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output(
                    """
                    mkdir -p d/e empty && echo data > a && chmod 640 a
                    setfattr -n user.basespace.content_type -v text/x-a a
                    touch -d @1000000000 a && mv a d/e/b
                    echo gone > gone && rm gone; echo old > old && echo new > new && mv new old
                    exec 3> open && rm open
                    """
                )
                try await mount.crash()
                try await account.expectUploads(["d/e/b": "waiting", "old": "waiting"])

                let next = try await account.mount("--upload-policy", "complete")
                #expect(
                    try await result.output(
                        "set -e; rmdir empty; find . -type f | sort; stat -c '%Y %a' d/e/b; cat d/e/b old"
                    )
                        == "./d/e/b\n./old\n1000000000 640\ndata\nnew\n"
                )
                try await account.expectUploads(["d/e/b": "waiting", "old": "waiting"])
                #expect(result.received.isEmpty)
                try await next.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.first { $0.path == "d/e/b" }?.contentType == "text/x-a")
                #expect(try await result.output("stat -c '%Y' d/e/b; cat d/e/b old") == "1000000000\ndata\nnew\n")
                #expect(result.received.map(\.path).sorted() == ["d/e/b", "old"])
                #expect(result.acceptedUploads == 2 && account.staged == [])
            }
        }

        @Test("A file with a dot name is kept, and goes when it gets its own name")
        func dotName() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                try await result.output("echo words > .f.tmp")
                try await mount.crash()
                try await account.expectUploads([".f.tmp": "waiting"])
                _ = try await account.mount()
                #expect(try await result.output("cat .f.tmp && mv .f.tmp f") == "words\n")
                #expect(result.received.map(\.path) == ["f"])
                #expect(result.acceptedUploads == 1 && account.staged == [])
            }
        }

        @Test("Killed while a rename brings a dot name to the service, the file goes under its new name, once")
        func renamed() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                try await result.output("echo words > .f.tmp")
                account.simulator.setFaults(Step.wholeIsAsked.faults)
                let rename = try mount.start(
                    "mv",
                    mount.absolute(result.files + "/.f.tmp"),
                    mount.absolute(result.files + "/f")
                )
                try await eventually("the upload has begun") { Step.wholeIsAsked.isReached(in: account.simulator) }
                try await mount.crash()
                #expect(try await rename.result().status != 0)
                try await account.expectUploads(["f": "waiting"])
                _ = try await account.mount()
                let sum = String(try await mount.output("echo words | md5sum").prefix(32))
                try await result.expectArrived(["f": sum])
                #expect(result.acceptedUploads == 1)
            }
        }

        @Test("What has arrived and is still open is the service's in the next mount, and not sent again")
        func arrivedAndOpen() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let reader = try await mount.hold(
                    "echo words > \"$MNT/\(result.files)/.f\"; exec 4< \"$MNT/\(result.files)/.f\"; "
                        + "mv \"$MNT/\(result.files)/.f\" \"$MNT/\(result.files)/f\""
                )
                defer { reader.send(SIGKILL) }
                try await account.expectUploads(["f": "uploaded"])
                #expect(account.staged.count == 1)
                try await mount.crash()
                try await account.expectUploads(["f": "uploaded"])
                _ = try await account.mount()
                let sum = String(try await mount.output("echo words | md5sum").prefix(32))
                try await result.expectArrived(["f": sum])
                #expect(result.acceptedUploads == 1)
                #expect(try await result.output("cat f") == "words\n")
            }
        }

        @Test("What failed is tried again by the next mount")
        func failed() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([.init(.status(403), on: .init(method: "POST", path: "*/files"))])
                #expect(try await mount.run("echo words > '\(result.files)/f'").errors == "")
                try await account.expectUploads(["f": "failed"])
                try await mount.crash()
                let left = try #require(try await account.uploads.first)
                #expect(left.state == "failed" && left.error?.contains("403") == true, "\(left)")
                _ = try await account.mount()
                try await result.expectArrived(["f": String(try await mount.output("echo words | md5sum").prefix(32))])
                #expect(result.acceptedUploads == 1)
            }
        }
    }
}
