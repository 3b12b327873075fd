import ArgumentParser
import BlockCache
import Logging
import SystemPackage
import Testing

@testable import basespacefs

@Suite("What a mount is asked for")
struct MountConfigurationTests {
    private func configuration(
        _ arguments: String...,
        environment: [String: String] = ["HOME": "/home/ada"]
    ) throws -> MountConfiguration {
        try MountConfiguration(
            try MountOptions.parse(arguments),
            environment: environment,
            currentDirectory: "/data",
            user: 1000,
            group: 100,
            space: { Self.disks[$0] }
        )
    }

    /// What the disks of some directories have.
    private static let disks: [FilePath: BlockCache.Space] = [
        "/home/ada/.cache/basespacefs": .init(free: 100 << 30, held: 20 << 30), "/scratch": .init(free: 900, held: 100),
    ]

    private func refusal(_ arguments: String...) throws -> String {
        let error = #expect(throws: (any Error).self) { try MountOptions.parse(arguments) }
        return MountOptions.message(for: try #require(error))
    }

    /// Readers and uploads share the connections.
    @Test("Uploads get half of the connections", arguments: [(1, 2), (5, 2), (8, 4), (32, 16), (200, 16)])
    func concurrentUploads(connections: Int, uploads: Int) throws {
        #expect(try configuration("--max-connections", "\(connections)").concurrentUploads == uploads)
    }

    @Test("Defaults")
    func defaults() throws {
        let configuration = try configuration()
        #expect(configuration.uid == 1000)
        #expect(configuration.gid == 100)
        #expect(!configuration.isReadOnly)
        #expect(configuration.kernelOptions == ["nosuid", "nodev", "noatime"])
        #expect(directory(configuration) == "/home/ada/.cache/basespacefs")
        #expect(configuration.stagingDirectory == "/home/ada/.local/state/basespacefs/staged")
        #expect(configuration.cacheSize == 12 << 30)
        #expect(configuration.memoryLimit == 256 << 20)
        #expect(configuration.metadataLifetime == .seconds(60))
        #expect(configuration.connections == 32)
        #expect(configuration.uploadPartSize == 8 << 20)
    }

    private func directory(_ configuration: MountConfiguration) -> FilePath? {
        switch configuration.cache {
        case .directory(let path): path
        case .memory: nil
        }
    }

    @Test("A cache directory is made absolute, and files never wait for their upload in it")
    func cacheDirectory() throws {
        let configuration = try configuration("--cache-dir", "../scratch", "--cache-size", "1G")
        #expect(directory(configuration) == "/scratch")
        #expect(configuration.stagingDirectory == "/home/ada/.local/state/basespacefs/staged")
        #expect(configuration.cacheSize == 1 << 30)
    }

    @Test(
        "A cache takes a tenth of what is free or its own already, and a gigabyte at least",
        arguments: [
            (0, 0, 1 << 30), (10 << 30, 0, 1 << 30), (11 << 30, 0, 11 << 30 / 10), (9 << 30, 2 << 30, 11 << 30 / 10),
            (0, 400 << 30, 40 << 30), (90 << 40, 10 << 40, 10 << 40), (1009, 0, 1 << 30), (20 << 30 + 9, 0, 2 << 30),
        ] as [(Int64, Int64, Int64)]
    )
    func standardCacheSize(free: Int64, held: Int64, size: Int64) {
        #expect(MountOptions.Defaults.cacheSize(in: .init(free: free, held: held)).bytes == size)
    }

    @Test("The cache's own disk is measured; one that doesn't tell gives the least")
    func measuredDisk() throws {
        #expect(try configuration("--cache-dir", "/scratch").cacheSize == 1 << 30)
        #expect(try configuration("--cache-dir", "/elsewhere").cacheSize == 1 << 30)
        let named = try configuration("--cache-dir", "../home/ada/.cache/basespacefs")
        #expect(named.cacheSize == 12 << 30)
    }

    @Test("Without a cache directory content stays in memory, and less of it")
    func memoryCache() throws {
        let configuration = try configuration("--cache-dir", "none")
        #expect(directory(configuration) == nil)
        #expect(configuration.cacheSize == 512 << 20)
        #expect(configuration.stagingDirectory == "/home/ada/.local/state/basespacefs/staged")
    }

    @Test("XDG directories are honoured, relative ones are not")
    func baseDirectories() throws {
        let environment = ["HOME": "/home/ada", "XDG_CACHE_HOME": "/cache", "XDG_STATE_HOME": "relative"]
        let configuration = try configuration(environment: environment)
        #expect(directory(configuration) == "/cache/basespacefs")
        #expect(configuration.stagingDirectory == "/home/ada/.local/state/basespacefs/staged")
    }

    @Test("Without a home directory the line says what to give instead")
    func noHome() throws {
        let error = #expect(throws: CommandFailure.self) { try configuration(environment: [:]) }
        #expect(error?.message.contains("XDG_CACHE_HOME") == true)
        let environment = ["XDG_STATE_HOME": "/state"]
        let scratch = try configuration("--cache-dir", "/scratch", environment: environment)
        #expect(scratch.stagingDirectory == "/state/basespacefs/staged")
    }

    @Test("Options win over the words of -o")
    func optionsWin() throws {
        let configuration = try configuration("-o", "ro,uid=5,gid=6", "--uid", "7")
        #expect(configuration.uid == 7)
        #expect(configuration.gid == 6)
        #expect(configuration.isReadOnly)
        #expect(configuration.kernelOptions.contains("ro"))
    }

    @Test("Others are let in with modes checked", arguments: [["--allow-other"], ["-o", "allow_other"]])
    func allowOther(arguments: [String]) throws {
        let configuration = try MountConfiguration(
            try MountOptions.parse(arguments),
            environment: ["HOME": "/home/ada"],
            currentDirectory: "/",
            user: 0,
            group: 0
        )
        #expect(configuration.kernelOptions == ["nosuid", "nodev", "noatime", "allow_other", "default_permissions"])
    }

    @Test("A word's opposite is not added")
    func opposites() throws {
        #expect(try configuration("-o", "suid,dev,atime").kernelOptions == ["suid", "dev", "atime"])
    }

    @Test(
        "Values out of range are refused with the range",
        arguments: [
            ("--metadata-ttl", "0", "0.001 to 31536000"), ("--metadata-ttl", "nan", "0.001 to 31536000"),
            ("--max-connections", "0", "1 to 256"), ("--max-connections", "300", "1 to 256"),
            ("--upload-part-size", "4M", "5M to 5G"), ("--upload-part-size", "6G", "5M to 5G"),
            ("--memory-limit", "1M", "at least 16M"), ("--cache-size", "1M", "at least 16M"),
            ("--cache-dir", "", "none"),
            ("--cache-size", "lots", "--cache-size"), ("--log-level", "loud", "trace, debug"), ("-o", "huge", "huge"),
        ]
    )
    func outOfRange(option: String, value: String, hint: String) throws {
        #expect(try refusal(option, value).contains(hint))
    }

    @Test("Options that contradict each other are refused")
    func contradictions() throws {
        #expect(try refusal("--read-only", "-o", "rw").contains("exclude each other"))
        #expect(try refusal("--allow-other", "-o", "allow_root").contains("exclude each other"))
    }

    @Test("A log level is read in any case")
    func logLevel() throws {
        #expect(try MountOptions.parse(["--log-level", "Debug"]).logLevel == .debug)
    }
}
