import BaseSpaceFileSystem
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension MountedTests {
    @Suite struct FileTests {
        @Test func `cp writes a file and reads it back`() async throws {
            let scratch = try TemporaryDirectory()
            let bytes = Array(Pattern.bytes.prefix((5 << 20) + 123))
            let source = try scratch.write(bytes, to: "source")
            try await withMount { mounted async throws in
                try await Shell.output(["cp", source.string, mounted.path("copy")])
                #expect(mounted.fileSystem.node("copy")?.content == bytes)
                #expect(mounted.fileSystem.calls("flush") > 0)
                try await Shell.output(["cmp", source.string, mounted.path("copy")])
                try await Shell.output(["cp", mounted.path("copy"), mounted.path("copy of the copy")])
                #expect(mounted.fileSystem.node("copy of the copy")?.content == bytes)
                try await eventually("all handles are released") {
                    mounted.fileSystem.state.withLock { $0.openFiles.isEmpty }
                }
            }
        }

        @Test func `Writes arrive in pieces of 1 MiB, and O_TRUNC with open`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: [1, 2, 3]) { $0.isDirect = true }
            try await withMount(fileSystem) { mounted async throws in
                try await Shell.output([
                    "dd", "if=/dev/zero", "of=\(mounted.path("file"))", "bs=4M", "count=1", "status=none",
                ])
                #expect(fileSystem.node("file")?.content == Array(repeating: 0, count: 4 << 20))
                #expect(fileSystem.calls("write") == 4)
                #expect(fileSystem.calls("setAttributes") == 0)
            }
        }

        @Test func `Appending, truncating and syncing work`() async throws {
            let fileSystem = MemoryFileSystem()
            try await withMount(fileSystem) { mounted async throws in
                let script =
                    "echo one > $1; echo two >> $1; dd if=/dev/null of=$1 bs=1 count=0 seek=6 conv=fsync status=none"
                #expect(try await Shell.script(script, mounted.path("file")).status == 0)
                #expect(fileSystem.node("file")?.content == Array("one\ntw".utf8))
                #expect(fileSystem.log == ["fsync"])
                #expect(try await Shell.script("sync -d $1", mounted.path("file")).status == 0)
                #expect(fileSystem.log == ["fsync", "fdatasync"])
            }
        }

        @Test func `fallocate arrives with its range and mode, and its refusal is an errno`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: Array("text".utf8))
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                try await Shell.output(["fallocate", "-o", "2", "-l", "7", path])
                #expect(fileSystem.log.first == "allocate 2..<9 0")
                #expect(try await Shell.output(["stat", "-c", "%s", path]) == "9\n")
                let refused = try await Shell.run(["fallocate", "-p", "-o", "4096", "-l", "8192", path])
                #expect(refused.errors.contains("unsupported"), "\(refused.errors)")
                #expect(fileSystem.log.last == "allocate 4096..<12288 3")
                try await Shell.output(["fallocate", "-l", "10", path])
                #expect(fileSystem.node("file")?.content.count == 10, "one refusal is not remembered")
            }
        }

        @Test func `A direct handle can be mapped, and what is written to the map arrives`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: Array(Pattern.bytes.prefix(10_000))) { $0.isDirect = true }
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                try await onOwnThread {
                    let descriptor = open(path, O_RDWR)
                    try #require(descriptor >= 0)
                    let map = mmap(nil, 10_000, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
                    try #require(map != MAP_FAILED, "\(Errno(rawValue: errno))")
                    map?.storeBytes(of: 0x55, toByteOffset: 5000, as: UInt8.self)
                    try #require(msync(map, 10_000, MS_SYNC) == 0)
                    #expect(fileSystem.node("file")?.content[5000] == 0x55, "msync")
                    close(descriptor)
                    map?.storeBytes(of: 0x66, toByteOffset: 9999, as: UInt8.self)
                    try #require(munmap(map, 10_000) == 0)
                    #expect(fileSystem.node("file")?.content[9999] == 0x66, "munmap, after the descriptor was closed")
                }
                #expect(fileSystem.node("file")?.content.count == 10_000)
            }
        }

        @Test func `What is left out falls back as tools expect`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: Array("text".utf8))
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                let descriptor = try await system { open(path, O_RDWR) }
                defer { close(descriptor) }
                #expect(try await system { isatty(descriptor) } == 0)
                #expect(try await system { lseek(descriptor, 0, SEEK_END) } == 4)
                // flock and record locks hold within the machine.
                #expect(try await Shell.run(["flock", "-n", path, "true"]).status == 0)
            }
        }

        @Test(arguments: [MemoryFileSystem.Reading.atOnce, .later], [false, true])
        func `64 threads that read at random see the right bytes`(
            reading: MemoryFileSystem.Reading,
            isDirect: Bool
        ) async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("big", content: Pattern.bytes) {
                $0.reading = reading
                $0.isDirect = isDirect
            }
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("big")
                try await withThrowingTaskGroup { group in
                    for seed in UInt64(1)...64 {
                        group.addTask {
                            try await onOwnThread { try readAtRandom(path, reads: 50, seed: seed) }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test func `Pages are kept from one open to the next where the file system says so`() async throws {
            let fileSystem = MemoryFileSystem()
            let kept = fileSystem.add("kept", content: Array("old".utf8)) { $0.keepsCache = true }
            let fresh = fileSystem.add("fresh", content: Array("old".utf8))
            try await withMount(fileSystem) { mounted async throws in
                let files = [mounted.path("kept"), mounted.path("fresh")]
                #expect(try await Shell.output(["cat"] + files) == "oldold")
                fileSystem.change(kept) { $0.content = Array("new".utf8) }
                fileSystem.change(fresh) { $0.content = Array("new".utf8) }
                #expect(try await Shell.output(["cat"] + files) == "oldnew")
            }
        }
    }
}

/// Bytes that tell where they belong.
enum Pattern {
    /// 16 MiB.
    static let bytes: [UInt8] = {
        let words = (0..<UInt64(2 << 20)).map { $0 &* 0x9E37_79B9_7F4A_7C15 }
        return words.withUnsafeBytes { Array($0) }
    }()
}

/// splitmix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Reads pieces of a file that holds `Pattern`, also across its end, and compares every byte.
private func readAtRandom(_ path: String, reads: Int, seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let size = Pattern.bytes.count
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    for _ in 0..<reads {
        let offset = Int.random(in: 0..<size, using: &random)
        let count = Int.random(in: 1...buffer.count, using: &random)
        let result = pread(descriptor, &buffer, count, off_t(offset))
        let expected = min(count, size - offset)
        try #require(result == expected, "seed \(seed), \(count) bytes at \(offset)")
        let isEqual = buffer.prefix(expected).elementsEqual(bytes: Pattern.bytes[offset..<offset + expected])
        try #require(isEqual, "seed \(seed), \(count) bytes at \(offset)")
    }
}

extension ArraySlice<UInt8> {
    /// The same as `elementsEqual`, fast in debug builds too.
    fileprivate func elementsEqual(bytes other: ArraySlice<UInt8>) -> Bool {
        withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let start = left.baseAddress, let other = right.baseAddress else { return left.isEmpty }
                return left.count == right.count && memcmp(start, other, left.count) == 0
            }
        }
    }
}
