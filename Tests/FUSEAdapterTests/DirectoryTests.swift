import BaseSpaceFileSystem
import Glibc
import Namespace
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension MountedTests {
    @Suite struct DirectoryTests {
        /// Mounts a directory `many` with 10,000 files.
        private func withManyFiles(_ body: (Mounted) async throws -> Void) async throws {
            let fileSystem = MemoryFileSystem()
            let directory = fileSystem.add("many", kind: .directory)
            for number in 0..<10_000 { fileSystem.add("file number \(number)", in: directory) }
            try await withMount(fileSystem, body)
        }

        private static let names = Set((0..<10_000).map { "file number \($0)" })

        @Test func `Each of 10,000 names is listed once, and their attributes need no lookups`() async throws {
            try await withManyFiles { mounted async throws in
                let lines = try await Shell.run(["find", mounted.path("many"), "-type", "f", "-printf", "%f %s\n"])
                    .lines
                #expect(lines.count == 10_000)
                #expect(Set(lines) == Set(Self.names.map { "\($0) 0" }))
                let size = try await Shell.run(["du", "-s", "--inodes", mounted.path("many")]).output
                #expect(size.hasPrefix("10001"))
                #expect(mounted.fileSystem.calls("lookup") == 1)
                #expect(mounted.fileSystem.calls("attributes") <= 1)
                #expect(mounted.fileSystem.calls("readdir") == 0)
                // 32 KiB hold 186 entries; a listing per page of 4 KiB would take 500.
                #expect(mounted.fileSystem.calls("readdirplus") < 1200)
            }
        }

        @Test func `telldir and seekdir find every place again`() async throws {
            try await withManyFiles { mounted async throws in
                let path = mounted.path("many")
                try await onOwnThread {
                    let stream = try #require(opendir(path))
                    defer { closedir(stream) }
                    var places: [(name: String, place: Int)] = []
                    while true {
                        let place = telldir(stream)
                        guard let entry = readdir(stream) else { break }
                        places.append((Self.name(of: entry), place))
                    }
                    #expect(Set(places.map(\.name)) == Self.names.union([".", ".."]))
                    #expect(places.count == Self.names.count + 2)

                    for index in stride(from: places.count - 1, through: 0, by: -97) {
                        seekdir(stream, places[index].place)
                        let entry = try #require(readdir(stream))
                        #expect(Self.name(of: entry) == places[index].name)
                    }
                    rewinddir(stream)
                    #expect(Self.name(of: try #require(readdir(stream))) == ".")
                }
            }
        }

        private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
            withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
        }

        @Test func `Kinds and inode numbers are listed, for . and .. too`() async throws {
            let fileSystem = MemoryFileSystem()
            let directory = fileSystem.add("directory", kind: .directory)
            let file = fileSystem.add("file", in: directory)
            fileSystem.add("link", in: directory, kind: .symbolicLink) { $0.target = "file" }
            try await withMount(fileSystem) { mounted async throws in
                let lines = try await Shell.run(["ls", "-1aFi", mounted.path("directory")]).lines
                let words = lines.map { $0.split(separator: " ").joined(separator: " ") }
                #expect(words == ["\(directory.rawValue) ./", "1 ../", "\(file.rawValue) file", "4 link@"])
            }
        }

        @Test func `fsync of a directory arrives`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["sync", mounted.directory.path.string])
                #expect(mounted.fileSystem.log == ["fsyncdir"])
            }
        }

        @Test func `Directory handles are released`() async throws {
            try await withManyFiles { mounted async throws in
                try await Shell.output(["ls", mounted.path("many")])
                try await eventually("no listing is held") { mounted.fileSystem.state.withLock { $0.listings.isEmpty } }
            }
        }
    }
}
