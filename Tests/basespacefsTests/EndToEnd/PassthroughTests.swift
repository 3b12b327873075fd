import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "Files that are whole in the cache are read by the kernel",
        .enabled("needs Linux 6.9, CAP_SYS_ADMIN and a cache on a plain disk") { try await Account.canPassThrough }
    )
    struct PassthroughTests {
        private static let size = 9 << 20
        private static let file = "Projects/P/Samples/S/Files/f"
        private static let compare = "cmp \(file) $DATA/projects/P/samples/S/f"

        private static func data(_ names: [String]) async throws -> AccountData {
            try await .random(Dictionary(uniqueKeysWithValues: names.map { ("projects/P/samples/S/\($0)", size) }))
        }

        @Test("A file that was read through once is not asked for again, on this mount or on the next")
        func secondTime() async throws {
            try await Account.using(Self.data(["f"])) { account in
                let first = try await account.mount()
                try await first.output(Self.compare)
                try await first.readUntilPassedThrough(Self.compare)
                #expect(try await first.unmount().status == 0)

                let second = try await account.mount()
                try await second.output("stat \(Self.file)")
                let (opens, before) = (account.passedThrough, try account.daemonReads())
                try await second.output(Self.compare)
                let after = try account.daemonReads()
                #expect(account.passedThrough == opens + 1)
                // Not a page of the file; and as many calls as an open and a close take, where reading takes hundreds.
                #expect(after.bytes - before.bytes < Self.size / 10)
                #expect(after.calls - before.calls < 40)
            }
        }

        @Test("It can be mapped")
        func mapped() async throws {
            try await Mount.using(Self.data(["f"])) { mount in
                try await mount.readUntilPassedThrough(Self.compare)
                let path = mount.absolute(Self.file)
                let expected = try Data(
                    contentsOf: URL(fileURLWithPath: mount.account.data.directory.string + "/projects/P/samples/S/f")
                )
                let opens = mount.account.passedThrough
                let mapped = try await onOwnThread {
                    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
                    return data == expected
                }
                #expect(mapped)
                #expect(mount.account.passedThrough == opens + 1)
            }
        }

        @Test("Bits that flip in the cache between two mounts are never seen")
        func flippedBits() async throws {
            try await Account.using(Self.data(["f"])) { account in
                let first = try await account.mount()
                try await first.readUntilPassedThrough(Self.compare)
                #expect(try await first.unmount().status == 0)
                try await first.output(
                    """
                    cd "$XDG_CACHE_HOME"/basespacefs/v1 && for data in */*.data; do
                        printf flipped | dd of="$data" bs=1 seek=5000000 conv=notrunc status=none
                    done
                    """
                )
                let second = try await account.mount()
                let opens = account.passedThrough
                try await second.output(Self.compare)
                #expect(account.passedThrough == opens)
                try await second.readUntilPassedThrough(Self.compare)
            }
        }

        @Test("What is open stays in a cache that is too small for all; what is closed goes")
        func eviction() async throws {
            let others = (1...4).map { "g\($0)" }
            let more = (1...4).map { "h\($0)" }
            let data = try await Self.data(["f"] + others + more)
            try await Mount.using(data, options: "--cache-size", "24M") { mount in
                try await mount.readUntilPassedThrough(Self.compare)
                let script = """
                    exec 3< \(Self.file)
                    for other in \(others.joined(separator: " ")); do
                        cmp "${1%f}$other" "$DATA/projects/P/samples/S/$other" || exit
                    done
                    cmp - "$DATA/projects/P/samples/S/f" <&3
                    """
                let account = mount.account
                let opens = account.passedThrough
                account.simulator.resetRequests()
                try await mount.output(script, Self.file)
                #expect(account.passedThrough == opens + 1)
                let asked = account.simulator.requests.filter { $0.listener == .objectStore }.map(\.path)
                #expect(!asked.contains { $0.hasSuffix("/f") })
                #expect(asked.contains { $0.hasSuffix("/g4") })

                for other in more {
                    try await mount.output("cmp ${1%f}\(other) $DATA/projects/P/samples/S/\(other)", Self.file)
                }
                let closed = account.passedThrough
                try await mount.output(Self.compare)
                #expect(account.passedThrough == closed, "it was evicted meanwhile")
            }
        }

        @Test("A lazy unmount takes nothing from who has a file open, and the daemon ends when that is closed")
        func lazyUnmount() async throws {
            try await Mount.using(Self.data(["f"])) { mount in
                try await mount.readUntilPassedThrough(Self.compare)
                let opens = mount.account.passedThrough
                try await mount.output(
                    """
                    exec 3< \(Self.file); head -c 1000 <&3 > /dev/null; cd /
                    fusermount3 -u -z "$MNT" && cmp -i 0:1000 - "$DATA/projects/P/samples/S/f" <&3
                    """
                )
                #expect(mount.account.passedThrough == opens + 1)
                try await eventually("the daemon ends") { mount.account.daemons.isEmpty }
            }
        }
    }
}

extension Mount {
    /// Runs a script that reads one file until the kernel passes its opens through: the cache vouches for a file soon after
    /// it is whole, not at once.
    fileprivate func readUntilPassedThrough(_ script: String) async throws {
        let before = account.passedThrough
        try await eventually("the file is passed through") {
            try await output(script)
            return account.passedThrough > before
        }
    }
}

extension Account {
    /// Whether a mount here can pass opens through.
    fileprivate static var canPassThrough: Bool {
        get async throws {
            var result = false
            try await Account.using { account in
                _ = try await account.mount()
                result = account.log.contains("by itself")
            }
            return result
        }
    }

    /// Opens that were passed through, by the log.
    fileprivate var passedThrough: Int { log.components(separatedBy: "from backing file").count - 1 }

    /// What the daemon has read by now, from the kernel and from the disk.
    fileprivate func daemonReads() throws -> (bytes: Int, calls: Int) {
        let daemon = try #require(daemons.first)
        let lines = try String(contentsOfFile: "/proc/\(daemon)/io", encoding: .utf8).split(separator: "\n")
        func value(_ name: String) throws -> Int {
            let line = try #require(lines.first { $0.hasPrefix("\(name): ") })
            return try #require(Int(line.dropFirst(name.count + 2)))
        }
        return (try value("rchar"), try value("syscr"))
    }
}
