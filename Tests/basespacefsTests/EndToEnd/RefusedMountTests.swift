import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A mount that can't be says why in one line and leaves nothing")
    struct RefusedMountTests {
        /// Tries to mount, in the background and in the foreground.
        private func expectRefusal(
            _ account: Account,
            _ arguments: [String],
            says words: String...,
            environment: [String: String] = [:],
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let mounts = account.mountPoints
            let daemons = account.daemons
            for foreground in [[], ["--foreground", "--log-level", "critical"]] {
                let result = try await account.program(["mount"] + foreground + arguments, environment: environment)
                #expect(result.status != 0 && result.status < 124, sourceLocation: location)
                let lines = result.errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                #expect(lines.count == 1, "\(result.errors)", sourceLocation: location)
                #expect(result.errors.hasSuffix("\n"), sourceLocation: location)
                #expect(result.output == "", sourceLocation: location)
                for word in words {
                    #expect(result.errors.contains(word), sourceLocation: location)
                }
                #expect(account.mountPoints == mounts, sourceLocation: location)
                #expect(account.daemons == daemons, sourceLocation: location)
            }
        }

        @Test("The service does not take the token")
        func wrongToken() async throws {
            try await Account.using(configure: { $0.tokens = ["another": .all] }) { account in
                let mountPoint = try account.makeMountPoint().string
                try await expectRefusal(account, account.credentials + [mountPoint], says: "token")
            }
        }

        @Test("The AppSession that everything is to belong to does not exist; one that has ended can be looked at")
        func wrongSession() async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let session = try await result.session().id
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(try await mount.unmount().status == 0)

                let mountPoint = try account.makeMountPoint().string
                try await expectRefusal(
                    account,
                    account.credentials + ["--appsession", "404404", mountPoint],
                    says: "has no AppSession 404404",
                    "--appsession"
                )
                let ended = try await account.mount("--appsession", session)
                #expect(account.log.contains("AppSession \(session) is Complete: no AppResult can be made in it"))
                try await ended.expect("mkdir Projects/P/AppResults/More", failsWith: "Read-only file system")
            }
        }

        @Test("Nobody listens at the server's address")
        func deadServer() async throws {
            try await Account.using { account in
                await account.simulator.stop()
                let mountPoint = try account.makeMountPoint().string
                try await expectRefusal(account, account.credentials + [mountPoint], says: account.simulator.apiURL)
            }
        }

        @Test("The mount point is missing, a file, or mounted on")
        func mountPoint() async throws {
            try await Account.using { account in
                let missing = account.home.file("missing").string
                try await expectRefusal(account, account.credentials + [missing], says: missing, "exist")
                let file = try account.home.write([], to: "file").string
                try await expectRefusal(account, account.credentials + [file], says: file, "directory")
                let mount = try await account.mount()
                try await expectRefusal(
                    account,
                    account.credentials + [mount.path.string],
                    says: mount.path.string,
                    "mounted"
                )
                try await mount.output("ls Projects")
            }
        }

        @Test("The profile or the token's file is missing, empty, or open to others")
        func credentials() async throws {
            try await Account.using { account in
                let mountPoint = try account.makeMountPoint().string
                try await expectRefusal(account, ["nosuchprofile", mountPoint], says: "nosuchprofile")
                try await expectRefusal(account, [mountPoint], says: "token")
                let server = ["--api-server", account.simulator.apiURL, "--access-token-file"]
                try await expectRefusal(
                    account,
                    server + ["/nonexistent/token", mountPoint],
                    says: "/nonexistent/token"
                )
                let empty = try account.home.write([], to: "empty").string
                chmod(empty, 0o600)
                try await expectRefusal(account, server + [empty, mountPoint], says: "empty")
                let token = account.home.file("token").string
                chmod(token, 0o644)
                try await expectRefusal(account, account.credentials + [mountPoint], says: token)
            }
        }

        @Test("A profile's file that others may read is refused, one that is private serves")
        func profile() async throws {
            try await Account.using { account in
                let mountPoint = try account.makeMountPoint().string
                let directory = account.home.file(".basespace").string
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                let text = "[DEFAULT]\napiServer = \(account.simulator.apiURL)\naccessToken = \(Account.token)\n"
                let profile = try account.home.write(Array(text.utf8), to: ".basespace/lab.cfg").string
                chmod(profile, 0o644)
                try await expectRefusal(account, ["lab", mountPoint], says: profile)
                chmod(profile, 0o600)
                #expect(try await account.program(["mount", "lab", mountPoint]).status == 0)
                #expect(account.mountPoints == [mountPoint])
            }
        }

        @Test(
            "An option is unknown or has a wrong value",
            arguments: [
                ["--no-such-option"], ["-o", "bogus"], ["--cache-size", "lots"], ["--metadata-ttl", "0"],
                ["--upload-part-size", "1M"], ["--log-level", "loud"], ["--upload-policy", "never"],
            ]
        )
        func unknownOption(option: [String]) async throws {
            try await Account.using { account in
                let mountPoint = try account.makeMountPoint().string
                try await expectRefusal(account, account.credentials + option + [mountPoint], says: option[0])
            }
        }

        @Test("The cache, the staging area or the log can't be written")
        func directories() async throws {
            try await Account.using { account in
                let mountPoint = try account.makeMountPoint().string
                let file = try account.home.write([], to: "file").string
                try await expectRefusal(
                    account,
                    account.credentials + ["--cache-dir", file + "/c", mountPoint],
                    says: file
                )
                try await expectRefusal(
                    account,
                    account.credentials + ["--log-file", "/nonexistent/log", mountPoint],
                    says: "/nonexistent/log"
                )
                try await expectRefusal(
                    account,
                    account.credentials + [mountPoint],
                    says: file,
                    environment: ["XDG_STATE_HOME": file]
                )
            }
        }
    }
}
