import BaseSpaceAPI
import Digests
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

@Suite struct StagedFileTests {
    private let temporary: TemporaryDirectory
    private let area: StagingArea
    private let file: StagedFile

    init() throws {
        (area, temporary) = try StagingArea.temporary()
        file = try area.makeFile(named: "a.bam")
    }

    @Test func isEmptyAtFirst() throws {
        #expect(file.size == 0)
        #expect(file.version == 0)
        #expect(file.uploadedVersion == nil)
        #expect(try file.bytes(at: 0, count: 10) == [])
    }

    @Test func takesWritesInAnyOrder() throws {
        try file.write([7, 8, 9], at: 6)
        try file.write([1, 2, 3], at: 0)
        try file.write([4, 5], at: 3)
        #expect(try file.contents() == [1, 2, 3, 4, 5, 0, 7, 8, 9])
    }

    @Test func readsAreShortAtTheEndOnly() throws {
        try file.write([1, 2, 3], at: 0)
        #expect(try file.bytes(at: 1, count: 10) == [2, 3])
        #expect(try file.bytes(at: 3, count: 10) == [])
        #expect(try file.bytes(at: Int64.max - 2, count: 10) == [])
    }

    @Test func truncationForgetsWhatWasThere() throws {
        try file.write([1, 2, 3, 4], at: 0)
        try file.truncate(to: 2)
        try file.truncate(to: 5)
        #expect(try file.contents() == [1, 2, 0, 0, 0])
    }

    @Test func everyChangeOfTheContentIsAVersion() throws {
        try file.write([1], at: 0)
        #expect(file.version == 1)
        try file.write([1], at: 0)
        #expect(file.version == 2)
        try file.truncate(to: 9)
        #expect(file.version == 3)
    }

    @Test func whatChangesNoByteIsNoVersion() throws {
        try file.write([1, 2], at: 0)
        try file.write([], at: 100)
        try file.truncate(to: 2)
        file.modified = Timestamp(seconds: 5)
        try file.synchronize(dataOnly: false)
        #expect(file.version == 1)
        #expect(file.size == 2)
    }

    @Test func theModificationTimeIsTheLastWritesUntilItIsSet() throws {
        let created = file.modified
        try file.write([1], at: 0)
        #expect(file.modified >= created)
        file.modified = Timestamp(seconds: 1_000_000, nanoseconds: 42)
        #expect(file.modified == Timestamp(seconds: 1_000_000, nanoseconds: 42))
        try file.truncate(to: 0)
        #expect(file.modified >= created)
    }

    @Test func aChangeBehindTheEndIsAChangeOfTheHoleToo() throws {
        let mebibyte: Int64 = 1 << 20
        try file.write([1], at: 0)
        try file.write([2], at: 10 * mebibyte)
        #expect(file.inspect { $0.lastChange(in: 5 * mebibyte..<6 * mebibyte) } == 2)
        #expect(file.inspect { $0.lastChange(in: 11 * mebibyte..<12 * mebibyte) } == 0)
    }

    @Test func whatWasCutOffIsStaleWhenItComesBack() throws {
        let mebibyte: Int64 = 1 << 20
        try file.truncate(to: 10 * mebibyte)
        try file.truncate(to: 4 * mebibyte)
        try file.truncate(to: 10 * mebibyte)
        #expect(file.inspect { $0.lastChange(in: 8 * mebibyte..<9 * mebibyte) } == 3)
        #expect(file.inspect { $0.lastChange(in: 0..<mebibyte) } == 1)
    }

    @Test func badOffsetsAreRefused() throws {
        #expect(throws: Errno.invalidArgument) { try file.write([1], at: -1) }
        #expect(throws: Errno.invalidArgument) { try file.bytes(at: -1, count: 1) }
        #expect(throws: Errno.invalidArgument) { try file.truncate(to: -1) }
        #expect(throws: Errno.fileTooLarge) { try file.write([1, 2], at: Int64.max) }
        #expect(file.version == 0)
    }

    @Test func theDisksLimitOfAFilesSizeComesBack() throws {
        try file.write([1], at: 0)
        // Beyond what ext4, xfs and tmpfs can address.
        #expect(throws: Errno.fileTooLarge) { try file.write([1], at: Int64.max - 1) }
        #expect(file.size == 1)
        #expect(file.version == 1)
    }

    @Test func canBeUsedAfterItIsRemoved() throws {
        try file.write([1, 2, 3], at: 0)
        file.remove()
        file.remove()
        #expect(access(file.path.string, F_OK) != 0)
        try file.write([9], at: 1)
        try file.synchronize(dataOnly: true)
        #expect(try file.contents() == [1, 9, 3])
    }

    @Test func staysOnDiskWhenNobodyHoldsIt() throws {
        var other: StagedFile? = try area.makeFile(named: "kept")
        try other?.write([1, 2], at: 0)
        let path = try #require(other?.path)
        other = nil
        let onDisk = try FileDescriptor.open(path, .readOnly)
        #expect(try onDisk.closeAfter { try onDisk.seek(offset: 0, from: .end) } == 2)
    }

    @Test func digestsARange() throws {
        var random = SeededGenerator(seed: 1)
        let bytes = random.bytes(3 << 20)
        try file.write(bytes, at: 0)
        let range = 1_000..<Int64(bytes.count) - 7
        #expect(try file.md5(of: range) == MD5.digest(of: Array(bytes[1_000..<bytes.count - 7])))
        #expect(throws: Errno.ioError) { try file.md5(of: 0..<Int64(bytes.count) + 1) }
    }
}

/// What a full disk does.
@Suite(.enabled(if: SmallDisk.isAvailable, "needs to mount")) struct FullDiskTests {
    private let disk: SmallDisk
    private let file: StagedFile

    init() throws {
        disk = try SmallDisk(bytes: 1 << 20)
        file = try StagingArea(directory: disk.path).makeFile(named: "a")
    }

    @Test func aWriteThatFindsNoPlaceLeavesTheSize() throws {
        try file.write([1, 2, 3], at: 0)
        #expect(throws: Errno.noSpace) { try file.write([UInt8](repeating: 7, count: 2 << 20), at: 3) }
        #expect(file.size == 3)
        #expect(try file.bytes(at: 0, count: 100) == [1, 2, 3])
        #expect(file.version == 1)
        // Nothing of the failed write comes back when the file grows again.
        try file.truncate(to: 6)
        #expect(try file.contents() == [1, 2, 3, 0, 0, 0])
    }

    @Test func whatAFailedWriteReplacedIsAChange() throws {
        try file.write([1, 2, 3], at: 0)
        #expect(throws: Errno.noSpace) { try file.write([UInt8](repeating: 7, count: 2 << 20), at: 1) }
        #expect(try file.contents() == [1, 7, 7])
        #expect(file.version == 2)
        #expect(file.inspect { $0.lastChange(in: 0..<3) } == 2)
    }

    @Test func goesOnWhenThereIsPlaceAgain() throws {
        let half = [UInt8](repeating: 5, count: 600 << 10)
        try file.write(half, at: 0)
        #expect(throws: Errno.noSpace) { try file.write(half, at: Int64(half.count)) }
        try file.truncate(to: 10)
        try file.write(half, at: 10)
        #expect(file.size == Int64(half.count) + 10)
    }

    @Test func aHoleNeedsItsPlaceWhenItIsFilled() throws {
        try file.truncate(to: 4 << 20)
        #expect(file.size == 4 << 20)
        #expect(throws: Errno.noSpace) { try file.write([UInt8](repeating: 1, count: 3 << 20), at: 0) }
        #expect(file.size == 4 << 20)
    }
}
