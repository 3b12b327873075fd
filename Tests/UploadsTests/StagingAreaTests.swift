import Glibc
import SystemPackage
import TestSupport
import Testing
import Uploads

@Suite struct StagingAreaTests {
    private let area: StagingArea
    private let temporary: TemporaryDirectory

    init() throws {
        (area, temporary) = try StagingArea.temporary()
    }

    private func mode(_ path: FilePath) -> mode_t {
        var status = stat()
        return lstat(path.string, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func createsItsDirectoryForItsUserOnly() throws {
        let path = temporary.file("not").appending("yet").appending("there")
        let area = try StagingArea(directory: path)
        #expect(mode(path) == 0o700)
        #expect(mode(path.removingLastComponent()) == 0o700)
        let file = try area.makeFile(named: "a.bam")
        #expect(mode(file.path) == 0o600)
    }

    @Test func leavesADirectoryThatExistsAsItIs() throws {
        let existing = try temporary.write([1, 2, 3], to: "somebody's file")
        chmod(temporary.path.string, 0o755)
        _ = try StagingArea(directory: temporary.path).makeFile(named: "a")
        #expect(mode(temporary.path) == 0o755)
        #expect(access(existing.string, F_OK) == 0)
    }

    @Test func filesOfOneNameDoNotMeet() throws {
        let first = try area.makeFile(named: "a.bam")
        let second = try area.makeFile(named: "a.bam")
        #expect(first.path != second.path)
        #expect(first.path.string.hasSuffix("-a.bam"))
    }

    @Test(arguments: [
        ("sample_1.vcf.gz", "sample_1.vcf.gz"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("Blütenprobe 3.bam", "Blütenprobe 3.bam"),
        ("a\u{0}b\nc\u{1B}[31m", "a_b_c_[31m"),
        ("turned\u{202E}round", "turned_round"),
        ("", ""),
    ])
    func namesOnDiskAreRecognisableAndHarmless(name: String, expected: String) throws {
        let file = try area.makeFile(named: name)
        #expect(file.path.removingLastComponent() == temporary.file("area"))
        #expect(file.path.lastComponent?.string.dropFirst(37) == expected[...])
    }

    @Test func longNamesAreCutAtACharacter() throws {
        let name = try #require(try area.makeFile(named: String(repeating: "ü", count: 255)).path.lastComponent?.string)
        #expect(name.utf8.count <= 255)
        #expect(name.hasSuffix("üü"))
    }

    @Test func aFileInTheWayIsAnErrorThatNamesIt() throws {
        let path = try temporary.write([], to: "file")
        let error = #expect(throws: UploadError.self) { try StagingArea(directory: path) }
        #expect(error?.code == .stagingUnavailable)
        #expect(error?.systemError == .notDirectory)
        #expect(error?.message.contains(path.string) == true)
    }

    @Test func tellsTheSpaceOfItsDisk() throws {
        let statistics = area.statistics()
        #expect(statistics.blockSize >= 512)
        #expect(statistics.blocks >= statistics.free)
        #expect(statistics.blocks > 0)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount"))
    func tellsHowMuchIsFree() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let area = try StagingArea(directory: disk.path)
        let before = area.statistics()
        #expect(before.blocks * UInt64(before.blockSize) == 1 << 20)
        try area.makeFile(named: "a").write([UInt8](repeating: 1, count: 512 << 10), at: 0)
        let after = area.statistics()
        #expect((before.free - after.free) * UInt64(after.blockSize) >= 512 << 10)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount"))
    func aReadOnlyDiskIsRefused() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let area = try StagingArea(directory: disk.path)
        try disk.makeReadOnly()
        #expect(throws: Errno.readOnlyFileSystem) { try area.makeFile(named: "a") }
        for path in [disk.path, disk.path.appending("below")] {
            let error = #expect(throws: UploadError.self) { try StagingArea(directory: path) }
            #expect(error?.systemError == .readOnlyFileSystem)
        }
    }
}
