import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The cache and its commands")
    struct CacheTests {
        private static let size = 24 << 20
        private static let data = ["projects/P/samples/S/f": size]

        private func cache(_ account: Account, _ arguments: String...) async throws -> [String: Any] {
            let result = try await account.program(["cache"] + arguments + ["--json"])
            try #require(result.status == 0, "cache \(arguments): \(result.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            return try #require(object as? [String: Any])
        }

        @Test("Readers get the right bytes while the cache is emptied, pruned and checked under them again and again")
        func emptiedUnderReaders() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                // Around the kernel's own cache, which would answer every pass but the first.
                let stop = account.home.file("work/stop").string
                let reader = """
                    passes=$(cat $WORK/passes.$1 2> /dev/null || echo 0)
                    until [ -e '\(stop)' ]; do
                        dd if=Projects/P/Samples/S/Files/f iflag=direct,skip_bytes bs=$1 skip=$2 status=none |
                            cmp - <(tail -c +$(($2 + 1)) $DATA/projects/P/samples/S/f) || exit
                        passes=$((passes + 1))
                        echo $passes > $WORK/passes.$1
                    done
                    """
                let start = { @Sendable in
                    [("1048576", "0"), ("131072", "9437184")].map { block, skip in
                        Task { try await mount.run(reader, block, skip) }
                    }
                }
                var readers = start()
                func letGo() async throws {
                    try Data().write(to: URL(fileURLWithPath: stop))
                    for reader in readers {
                        let result = try await reader.value
                        #expect(result.status == 0, "\(result.errors)")
                    }
                }
                let passes = { @Sendable (name: String) in
                    let path = account.home.file("work/passes.\(name)").string
                    return (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int($0.dropLast()) } ?? 0
                }
                // Until what was removed has been fetched again: twice the file in the largest requests that there are.
                let isFetchedAgain = { @Sendable in
                    account.simulator.requests.filter { $0.method == "GET" && $0.status == 206 }.count
                        > 2 * Self.size / (2 << 20)
                }
                var rounds = 0
                while rounds < 20 || passes("1048576") < 3 || passes("131072") < 3 || !isFetchedAgain() {
                    let cleared = try await account.program(["cache", "clear"])
                    if cleared.status != 0 {
                        // It was fetched faster than it is cleared: the kernel reads it by itself, and has it open all the time.
                        try #require(cleared.errors.contains("nothing could be freed"), "\(cleared.errors)")
                        try await letGo()
                        try await eventually("what nobody has open is cleared") {
                            try await account.program(["cache", "clear"]).status == 0
                        }
                        try FileManager.default.removeItem(atPath: stop)
                        readers = start()
                    }
                    _ = try await cache(account, "prune", "--to", "\(4 << 20)")
                    // Whatever the others leave behind is right.
                    #expect(try await cache(account, "verify")["wrongBlockCount"] as? Int == 0)
                    rounds += 1
                    try #require(rounds < 500, "the readers don't get on")
                }
                try await letGo()
            }
        }

        @Test("info follows a mount: how much it has stored, and that it is there")
        func info() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                // Written behind the reader's back.
                try await eventually("all is stored") {
                    try await cache(account, "info")["bytes"] as? Int ?? 0 > Self.size
                }
                let id = try await mount.output(
                    "getfattr --only-values -n user.basespace.id Projects/P/Samples/S/Files/f"
                )
                let info = try await cache(account, "info", "--contents")
                #expect(info["inUse"] as? Bool == true)
                let contents = try #require(info["contents"] as? [[String: Any]])
                #expect(contents.map { $0["id"] as? String } == [id])
                #expect(contents.map { $0["present"] as? Int } == [Self.size])
                try await mount.unmount()
                #expect(try await cache(account, "info")["inUse"] as? Bool == false)
                let cleared = try await cache(account, "clear")
                #expect(cleared["bytes"] as? Int == 0)
                #expect(cleared["freed"] as? Int ?? 0 > Self.size)
            }
        }

        @Test(
            "A mount keeps a tenth of what its disk has free, in which its own cache counts as free",
            .enabled(if: SmallDisk.isAvailable)
        )
        func defaultSize() async throws {
            try await Account.using(.random(Self.data)) { account in
                // As large as it says it is only when somebody writes that much. A tenth is 4.05 GiB.
                let disk = try SmallDisk(bytes: 81 << 29)
                let directory = disk.path.appending("not/yet").string
                for _ in 1...2 {
                    let mount = try await account.mount("--cache-dir", directory)
                    try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                    try await mount.unmount()
                }
                let log = try String(contentsOfFile: account.logFile.string, encoding: .utf8)
                let said = log.split(separator: "\n").filter {
                    $0.contains("content is cached in \(directory), 4.0 GiB")
                }
                #expect(said.count == 2, "\(log)")
                let info = try await cache(account, "info", "--cache-dir", directory)
                #expect(info["defaultLimit"] as? Int ?? 0 > 4 << 30)
            }
        }
    }
}
