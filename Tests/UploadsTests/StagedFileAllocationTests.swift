import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

/// fallocate(2) on a staged file.
@Suite struct StagedFileAllocationTests {
    private static let keepSize: CInt = 1
    private static let punchHole: CInt = 2
    private static let zeroRange: CInt = 16
    private let temporary: TemporaryDirectory
    private let file: StagedFile

    init() throws {
        let (area, temporary) = try StagingArea.temporary()
        self.temporary = temporary
        file = try area.makeFile(named: "a.bam")
        try file.write([1, 2, 3, 4], at: 0)
        file.seal()
    }

    /// Whether the file system can do it at all.
    private func isRefused(_ mode: CInt) -> Bool {
        do throws(Errno) {
            try file.allocate(mode: mode, offset: 1 << 30, length: 1)
            return false
        } catch {
            return error == .notSupported
        }
    }

    @Test func allocatingExtendsTheFileByZeros() throws {
        try file.allocate(mode: 0, offset: 2, length: 4)
        #expect(try file.contents() == [1, 2, 3, 4, 0, 0])
        #expect(file.version == 2)
        #expect(file.frontier == 4)
        #expect(file.inspect { $0.lastChange(in: 0..<1) } == 2)
    }

    @Test func whatIsThereAlreadyStaysAsItIs() throws {
        try file.allocate(mode: 0, offset: 0, length: 3)
        try file.allocate(mode: Self.keepSize, offset: 0, length: 1 << 20)
        #expect(try file.contents() == [1, 2, 3, 4])
        #expect(file.version == 1)
        #expect(file.isSealed)
        var status = stat()
        #expect(stat(file.path.string, &status) == 0)
        #expect(status.st_blocks >= 2048)
        #expect(status.st_size == 4)
    }

    @Test func aHoleIsZerosAndAChange() throws {
        let mebibyte: Int64 = 1 << 20
        try file.truncate(to: 4 * mebibyte)
        try file.allocate(mode: Self.punchHole | Self.keepSize, offset: 1, length: 2)
        #expect(try file.bytes(at: 0, count: 5) == [1, 0, 0, 4, 0])
        #expect(file.version == 3)
        #expect(file.inspect { $0.lastChange(in: 0..<mebibyte) } == 3)
        #expect(file.inspect { $0.lastChange(in: mebibyte..<4 * mebibyte) } == 2)
        #expect(!file.isSealed)
        // Beyond the end there is nothing to free.
        file.seal()
        try file.allocate(mode: Self.punchHole | Self.keepSize, offset: 4 * mebibyte, length: mebibyte)
        #expect(file.isSealed)
        #expect(file.size == 4 * mebibyte)
    }

    @Test func zeroingExtendsUnlessItIsToldNotTo() throws {
        guard !isRefused(Self.zeroRange | Self.keepSize) else { return }
        try file.allocate(mode: Self.zeroRange | Self.keepSize, offset: 3, length: 10)
        #expect(try file.contents() == [1, 2, 3, 0])
        try file.allocate(mode: Self.zeroRange, offset: 1, length: 5)
        #expect(try file.contents() == [1, 0, 0, 0, 0, 0])
        #expect(file.size == 6)
    }

    @Test(arguments: [punchHole, 8, zeroRange | punchHole, 32, 64, -1])
    func otherModesAreRefused(mode: CInt) {
        #expect(throws: Errno.notSupported) { try file.allocate(mode: mode, offset: 0, length: 1) }
        #expect(file.version == 1)
    }

    @Test func rangesThatAreNoneAreRefused() {
        #expect(throws: Errno.invalidArgument) { try file.allocate(mode: 0, offset: -1, length: 1) }
        #expect(throws: Errno.invalidArgument) { try file.allocate(mode: 0, offset: 0, length: 0) }
        #expect(throws: Errno.fileTooLarge) { try file.allocate(mode: 0, offset: Int64.max, length: 1) }
        #expect(file.isSealed)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount"))
    func whatFindsNoPlaceLeavesTheSize() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let file = try StagingArea(directory: disk.path).makeFile(named: "a")
        try file.write([1, 2, 3], at: 0)
        #expect(throws: Errno.noSpace) { try file.allocate(mode: 0, offset: 0, length: 4 << 20) }
        #expect(file.size == 3)
        var status = stat()
        #expect(stat(file.path.string, &status) == 0)
        #expect(status.st_size == 3)
        #expect(try file.contents() == [1, 2, 3])
    }
}
