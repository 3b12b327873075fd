import Foundation
import SystemPackage
import Testing

@testable import BlockCache

/// The files byte by byte. A change here needs another version of the directory (`v2/`).
@Suite struct FormatTests {
    @Test func theFilesOfAContent() async throws {
        let directory = try CacheDirectory()
        let clock = ManualClock()
        let cache = try BlockCache.test(.directory(directory.path), clock: clock)
        let key = ContentKey(file: "11761995733", etag: "d05e20e0cd57fa1b4a784849496bfff9", size: Int64(block + 3))
        let content = cache.content(for: key)
        let bytes = [UInt8](repeating: 0x41, count: block) + [1, 2, 3]
        await content.store(bytes, at: 0)
        cache.shutdown()

        let name = ContentName(key)
        #expect(name.data == "29/31063eccd824933146d12c1acb0583.data")
        let data = try Data(contentsOf: URL(fileURLWithPath: directory.data(of: key)))
        #expect(Array(data) == bytes)
        let map = try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.map(of: key))))
        #expect(map.count == 4096 + 272)
        #expect(
            hex(map[..<48])
                == "425346534d415000 0100000000000200 200000000b000000 2000000000000000 0300020000000000 275e7aa63483a74d"
        )
        #expect(String(decoding: map[48..<91], as: UTF8.self) == "11761995733d05e20e0cd57fa1b4a784849496bfff9")
        #expect(map[91..<4096].allSatisfy { $0 == 0 })
        #expect(hex(map[4096..<4128]) == "0300000000000000 0068e5cf8b010000 27e9fd58db73c01a d17da838e91c97b9")
        #expect(map[4128...].allSatisfy { $0 == 0 })
        let ledger = try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.path.string + "/v1/ledger")))
        #expect(hex(ledger[..<24]) == "425346534c454447 0100000000000000 0030020000000000")
        #expect(ledger.count == 32)
    }

    @Test func theStampOfAContent() async throws {
        let stamp = ContentStamp(changed: 0x0102_0304_0506_0708, fileSize: 0x1112_1314_1516_1718)
        let encoded = stamp.encoded(seed: 0x2122_2324_2526_2728)
        #expect(hex(encoded[...]) == "0807060504030201 1817161514131211 c929b8ab5d43a428")
        #expect(ContentStamp(encoded, seed: 0x2122_2324_2526_2728) == stamp)
        #expect(ContentStamp(encoded, seed: 0x2122_2324_2526_2729) == nil)
        #expect(ContentStamp([UInt8](repeating: 0, count: 24), seed: 0) == nil)

        let directory = try CacheDirectory()
        let cache = try BlockCache.test(.directory(directory.path))
        let content = cache.content(for: key("a", size: 7))
        _ = content.backing()
        await content.store(pattern(1, size: 7), at: 0)
        cache.shutdown()
        let map = try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.map(of: content.key))))
        #expect(
            map[..<4072] == [UInt8](try #require(MapHeader(key: content.key).encoded()))[...]
                + [UInt8](repeating: 0, count: 4072 - 48 - 10)
        )
        var status = stat()
        #expect(stat(directory.data(of: content.key), &status) == 0)
        let changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        let expected = ContentStamp(changed: changed, fileSize: 7).encoded(seed: ContentName(content.key).seed)
        #expect(Array(map[4072..<4096]) == expected)
    }

    private func hex(_ bytes: ArraySlice<UInt8>) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            let digits = String(byte, radix: 16)
            text += (index > 0 && index.isMultiple(of: 8) ? " " : "") + (digits.count == 1 ? "0" : "") + digits
        }
        return text
    }
}
