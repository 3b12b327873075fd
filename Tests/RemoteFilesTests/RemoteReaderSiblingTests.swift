import BaseSpaceAPI
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// What is fetched before anybody has opened it.
@Suite struct RemoteReaderSiblingTests {
    /// A directory whose files' contents come from a store. Inode numbers are in the order of the names.
    private struct Directory: Surroundings {
        var directory: UInt64 { 7 }
        var candidates: [Candidate] = []

        /// Adds a file and its content.
        mutating func add(_ name: String, _ bytes: [UInt8], to store: StoreOfContents) -> RemoteFileVersion {
            let id = EntityID(name)
            store.put(bytes, etag: "etag-\(name)", as: id)
            let file = RemoteFileVersion(id: id, name: name, size: Int64(bytes.count), etag: "etag-\(name)")
            candidates.append(Candidate(file: file, url: nil, inode: UInt64(candidates.count)))
            return file
        }

        func file(named name: String) -> Candidate? { candidates.first { $0.file.name == name } }
        func files(atMost count: Int) -> [Candidate] { candidates.count <= count ? candidates : [] }
    }

    private func hasGets(_ store: StoreOfContents, of file: String) -> Bool {
        store.gets.contains { $0.file == EntityID(file) }
    }

    @Test func filesThatFollowEachOtherAreFetchedBeforeTheyAreOpened() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            var directory = Directory()
            let contents = (0..<40).map { content(40_000 + $0, seed: UInt64($0)) }
            let files = contents.enumerated().map { directory.add("f\($0.offset + 100)", $0.element, to: store) }
            for index in 0..<10 {
                let handle = try fixture.reader.open(files[index], in: directory)
                let bytes = try await handle.bytes(at: 0, count: 1 << 20)
                #expect(bytes.isPart(0..<files[index].size, of: contents[index]))
            }
            try await eventually("the next files are fetched") { hasGets(store, of: "f115") }
            // They are here when they are opened, without another GET.
            try await eventually("nothing is under way") { fixture.reader.state.withLock { $0.active } == 0 }
            let gets = store.gets.count
            let handle = try fixture.reader.open(files[12])
            #expect(handle.present(at: 0, count: 1 << 20)?.isPart(0..<files[12].size, of: contents[12]) == true)
            #expect(store.gets.count == gets)
            #expect(Set(store.gets.map(\.file)).count == store.gets.count)
        }
    }

    @Test func whatNobodyComesForIsLetGo() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            var directory = Directory()
            let files = (0..<20).map { directory.add("f\($0 + 100)", content(1000), to: store) }
            for index in 0..<3 {
                let handle = try fixture.reader.open(files[index], in: directory)
                _ = try await handle.bytes(at: 0, count: 1000)
            }
            try await eventually("the next files are fetched") { hasGets(store, of: "f105") }
            fixture.reader.clearShelf(at: .now + .seconds(60))
            try await fixture.becomesIdle()
        }
    }

    @Test func theShelfTakesAQuarterOfTheMemory() async throws {
        let store = try StoreOfContents { $0.file.rawValue < "f103" ? .serve : .hang }
        try await withReader(store, memory: 16 << 20) { fixture in
            var directory = Directory()
            let files = (0..<64).map { directory.add("f\($0 + 100)", content(mebibyte), to: store) }
            var handles: [OpenContent] = []
            for index in 0..<16 {
                handles.append(try fixture.reader.open(files[index], in: directory))
            }
            try await eventually("files are fetched") { !store.gets.isEmpty }
            #expect(fixture.reader.state.withLock { $0.contents.count } <= 16 + 4)
        }
    }

    @Test func aBAMsEndAndIndexComeWithItsHead() async throws {
        let gate = SharedFlag()
        let store = try StoreOfContents { _ in .serveWhen { gate.isSet } }
        try await withReader(store) { fixture in
            var directory = Directory()
            let bytes = content(4 * mebibyte + 28)
            let bam = directory.add("x.bam", bytes, to: store)
            _ = directory.add("x.bam.bai", content(300_000), to: store)
            let handle = try fixture.reader.open(bam, in: directory)
            let head = try #require(handle.startRead(at: 0, count: 65_536))
            // All three are on their way before the first has come.
            try await eventually("three GETs") { store.gets.count == 3 }
            gate.set()
            try await eventually("the head is here") { !head.reply.all.isEmpty }
            let gets = store.gets
            #expect(gets.contains { $0.file == "x.bam" && $0.range == 0..<block })
            #expect(gets.contains { $0.file == "x.bam" && $0.range == 4 * mebibyte..<4 * mebibyte + 28 })
            #expect(gets.contains { $0.file == "x.bam.bai" && $0.range == 0..<300_000 })
        }
    }

    @Test func aFileThatIsNoDataFileComesAlone() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            var directory = Directory()
            let file = directory.add("x.txt", content(4 * mebibyte), to: store)
            _ = directory.add("x.txt.bai", content(1000), to: store)
            let handle = try fixture.reader.open(file, in: directory)
            _ = try await handle.bytes(at: 0, count: 65_536)
            #expect(store.gets.map(\.range) == [0..<block])
        }
    }

    /// 16 GETs are enough to know how long a first byte takes; the next one that is 1.5 s late is asked for again.
    @Test func aFirstByteThatIsMuchLaterThanUsualIsAskedForAgain() async throws {
        let store = try StoreOfContents { $0.number == 21 ? .hang : .serve }
        try await withReader(store, deadlines: HTTPDeadlines(firstByte: .seconds(60))) { fixture in
            let bytes = content(64 * mebibyte)
            let handle = try fixture.open(bytes)
            let start = ContinuousClock.now
            for index in 0..<22 as Range<Int64> {
                let offset = (index * 7 % 22) * 2_500_000 + 1
                let read = try await handle.bytes(at: offset, count: 100)
                #expect(read.isPart(offset..<offset + 100, of: bytes))
            }
            // One GET for each read, and for others as well if the machine was busy.
            let gets = store.gets
            #expect(gets.count { $0.range == gets[20].range } == 2)
            #expect(ContinuousClock.now - start < .seconds(40))
        }
    }
}
