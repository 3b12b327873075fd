import BaseSpaceSimulator
import CLinux
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

extension EndToEnd {
    @Suite("prefetch")
    struct PrefetchTests {
        private static let data = [
            "projects/P/samples/S/a.bin": 5 << 20, "projects/P/samples/S/d/b.bin": 3_000_001,
            "projects/P/samples/S/d/empty": 0, "projects/P/appresults/R/c.bin": 2 << 20,
        ]
        private static let total = data.values.reduce(0, +)

        private func object(_ text: String) throws -> NSDictionary {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
        }

        /// Bytes of content that the object store was asked for since its requests were last forgotten.
        private func gets(_ account: Account) -> Int {
            account.simulator.requests.filter { $0.method == "GET" && $0.status == 206 }.count
        }

        private func terminal(
            _ mount: Mount,
            _ arguments: [String],
            columns: UInt16 = 120
        ) throws -> PseudoTerminal {
            try PseudoTerminal(
                [BuiltProducts.path(of: "basespacefs"), "prefetch"] + arguments,
                environment: mount.account.environment.merging(["TERM": "xterm"]) { $1 },
                columns: columns
            )
        }

        @Test("brings all files below a directory into the cache, and reads none twice")
        func directory() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let result = try await account.program(["prefetch", "--json", mount.absolute("Projects/P")])
                #expect(result.status == 0 && result.errors == "")
                #expect(result.lines.count == 1)
                let report = try object(result.output)
                #expect(report["files"] as? Int == 4 && report["filesCached"] as? Int == 4)
                #expect(report["bytes"] as? Int == Self.total && report["bytesCached"] as? Int == Self.total)
                #expect(report["bytesRead"] as? Int == Self.total && report["complete"] as? Bool == true)
                #expect((report["failures"] as? [Any])?.isEmpty == true)
                // An empty file is whole as it is.
                #expect(report["filesBefore"] as? Int == 1)
                let info = try object(try await account.program(["cache", "info", "--contents", "--json"]).output)
                let present = (info["contents"] as? [[String: Any]])?.compactMap { $0["present"] as? Int }
                #expect(present?.reduce(0, +) == Self.total)

                account.simulator.resetRequests()
                let again = try await account.program(
                    ["prefetch", mount.absolute("Projects/P/Samples"), mount.absolute("Projects/P")]
                )
                #expect(again.status == 0)
                #expect(
                    again.output
                        == "In the cache: 4 of 4 files, \(ByteSize(bytes: Int64(Self.total)).approximate) "
                        + "(4 from before).\n"
                )
                #expect(gets(account) == 0)
                // The bytes are right, without the service.
                try await mount.output("cmp Projects/P/Samples/S/Files/a.bin $DATA/projects/P/samples/S/a.bin")
                #expect(gets(account) == 0)
            }
        }

        @Test("leaves the page cache as it was, and is not fooled by pages of what the cache lost")
        func pageCache() async throws {
            // Too small for the kernel to read it by itself, which would leave no pages of the mount's file in any case.
            let size = 1_000_000
            try await Mount.using(.random(["projects/P/samples/S/f": size])) { mount in
                let account = mount.account
                let path = mount.absolute("Projects/P/Samples/S/Files/f")
                let pages = {
                    let descriptor = open(path, O_RDONLY)
                    defer { close(descriptor) }
                    return CLinux_cachedPages(descriptor)
                }
                try await mount.output("cat '\(path)' > /dev/null")
                // Kernels before 6.5 don't tell.
                let before = pages()
                #expect(before < 0 || before > 200)
                try await eventually("it is stored") {
                    try object(try await account.program(["cache", "info", "--json"]).output)["bytes"] as? Int ?? 0
                        > size
                }
                _ = try await account.program(["cache", "clear"])
                let result = try await account.program(["prefetch", "--json", path])
                #expect(result.status == 0, "\(result.errors)")
                #expect(try object(result.output)["bytesRead"] as? Int == size)
                #expect(pages() <= 0)
            }
        }

        @Test("goes on where an interrupted one stopped: what is there is not fetched again")
        func partly() async throws {
            let size = 200 << 20
            try await Mount.using(.random(["projects/P/samples/S/f": size])) { mount in
                let account = mount.account
                let path = mount.absolute("Projects/P/Samples/S/Files/f")
                try await mount.output("head -c 100M Projects/P/Samples/S/Files/f > /dev/null")
                try await eventually("it is stored") {
                    try object(try await account.program(["cache", "info", "--json"]).output)["bytes"] as? Int ?? 0
                        > 100 << 20
                }
                let report = try object(try await account.program(["prefetch", "--json", path]).output)
                #expect(report["filesCached"] as? Int == 1 && report["bytesCached"] as? Int == size)
                #expect(report["bytesRead"] as? Int ?? size <= 100 << 20)
            }
        }

        @Test(
            "draws a bar on a terminal, as wide as that, and its last word stands below nothing",
            arguments: [120, 40]
        )
        func bar(columns: UInt16) async throws {
            try await Mount.using(.random(Self.data), configure: { $0.objectStoreBandwidth = 2 << 20 }) { mount in
                let terminal = try terminal(mount, [mount.absolute("Projects/P")], columns: columns)
                #expect(await terminal.status() == 0)
                try await eventually("its last line is there") { terminal.output.hasSuffix(".\r\n") }
                let output = terminal.output
                let frames = output.components(separatedBy: "\r").filter { $0.contains("[K") && $0.contains(" %") }
                #expect(frames.count > 1)
                #expect(frames.allSatisfy { $0.hasPrefix("[#") || $0.hasPrefix("[-") })
                #expect(frames.allSatisfy { $0.count - "\u{1B}[K".count < Int(columns) })
                #expect(frames.contains { $0.contains("ETA") } == (columns == 120))
                let last = try #require(output.components(separatedBy: "\r\u{1B}[K").last)
                #expect(last.hasPrefix("In the cache: 4 of 4 files"))
                #expect(last.components(separatedBy: "\r\n").count == 2)
            }
        }

        @Test("Ctrl-C stops it at once, though the service hangs, says how much is there, and keeps it")
        func interrupt() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let first = mount.absolute("Projects/P/AppResults/R")
                #expect(try await account.program(["prefetch", first]).status == 0)
                account.simulator.setFaults([Fault(.hang, on: .init(listener: .objectStore))])
                let terminal = try terminal(mount, [mount.absolute("Projects/P")])
                try await eventually("it draws") { terminal.output.contains(" %") }
                let start = ContinuousClock.now
                terminal.type("\u{3}")
                #expect(await terminal.status() == 130)
                #expect(ContinuousClock.now - start < .seconds(5))
                try await eventually("it says what is there") {
                    terminal.output.contains("\u{1B}[KInterrupted: 2 of 4 files, 2.0 MiB of ")
                }
                account.simulator.setFaults([])
                let info = try object(try await account.program(["cache", "info", "--json"]).output)
                #expect(info["bytes"] as? Int ?? 0 >= 2 << 20)
            }
        }

        @Test("tells of each file that can't be read, goes on, and exits with 1")
        func failures() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                account.simulator.setFaults([Fault(.status(404), on: .init(listener: .objectStore, path: "*a.bin*"))])
                let result = try await account.program(
                    ["prefetch", "--jobs", "1", mount.absolute("Projects/P"), mount.absolute("none")]
                )
                #expect(result.status == 1)
                let lines = result.errors.split(separator: "\n")
                #expect(lines.count == 3, "\(result.errors)")
                #expect(lines.first == "basespacefs: \(mount.absolute("none")): No such file or directory")
                #expect(lines.dropFirst().first?.hasPrefix("basespacefs: \(mount.path)/Projects/P/") == true)
                #expect(lines.dropFirst().first?.hasSuffix("/Files/a.bin: Stale file handle") == true)
                #expect(lines.last?.hasPrefix("basespacefs: 2 of what was asked for could not be cached") == true)
                #expect(!result.errors.contains("\u{1B}"), "nothing is drawn where there is no terminal")
                #expect(result.output.hasPrefix("In the cache: 3 of 4 files"))
            }
        }

        @Test("refuses a cache that is too small, or in memory, and --force goes on with a warning")
        func refusals() async throws {
            let data = ["projects/P/samples/S/f": 20 << 20]
            try await Account.using(.random(data)) { account in
                let small = try await account.mount("--cache-size", "16M")
                let path = small.absolute("Projects/P/Samples/S/Files/f")
                let refused = try await account.program(["prefetch", path])
                #expect(refused.status == 1 && refused.output == "")
                #expect(
                    refused.errors
                        == "basespacefs: 1 file of the mount on \(small.path) has 20.0 MiB, and its cache takes 16.0 MiB: "
                        + "mount with a larger --cache-size, name less, or say --force\n"
                )
                let forced = try await account.program(["prefetch", "--force", path])
                #expect(forced.status == 1)
                #expect(forced.errors.hasPrefix("basespacefs: warning: 1 file of "))
                #expect(forced.errors.contains("basespacefs: 1 file did not stay in the cache whole"))
                #expect(forced.output.hasPrefix("In the cache: 0 of 1 file"))

                let memory = try await account.mount("--cache-dir", "none", at: "memory")
                let inMemory = memory.absolute("Projects/P/Samples/S/Files/f")
                let other = try await account.program(["prefetch", inMemory])
                #expect(other.status == 1)
                #expect(other.errors.hasPrefix("basespacefs: the mount on \(memory.path) keeps its cache in memory"))
                #expect(try await account.program(["prefetch", "--force", inMemory]).status == 0)
            }
        }

        @Test("says in a line what can't be prefetched")
        func operands() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                for (operand, words) in [
                    ("/etc", "/etc: is in no mount of basespacefs"),
                    (mount.absolute("README"), "is no file with content at the service"),
                    (mount.absolute(".basespacefs/status.json"), "is no file with content at the service"),
                ] {
                    let result = try await account.program(["prefetch", operand])
                    #expect(result.status == 1)
                    #expect(result.errors.contains(words), "\(result.errors)")
                    #expect(result.errors.split(separator: "\n").count == 2)
                }
                for arguments in [[], ["--jobs", "0", "/"], ["--jobs", "65", "/"]] {
                    let result = try await account.program(["prefetch"] + arguments)
                    #expect(result.status == 64 && result.output == "")
                    #expect(result.errors.split(separator: "\n").count == 1)
                }
                // A link is followed if it is named.
                try FileManager.default.createSymbolicLink(
                    atPath: account.home.file("work/link").string,
                    withDestinationPath: mount.absolute("Projects/P/AppResults/R/Files")
                )
                let link = try await account.program(["prefetch", account.home.file("work/link").string])
                #expect(link.status == 0 && link.output.hasPrefix("In the cache: 1 of 1 file, 2.0 MiB"))
            }
        }

        @Test("says of a mount whose process is gone what it is")
        func dead() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let daemon = try mount.daemon
                kill(daemon, SIGKILL)
                try await eventually("it is gone") { !account.daemons.contains(daemon) }
                let result = try await account.program(["prefetch", mount.path.string])
                #expect(result.status == 1)
                #expect(
                    result.errors.contains("\(mount.path): the mount on \(mount.path): its process is gone: "),
                    "\(result.errors)"
                )
            }
        }
    }
}
