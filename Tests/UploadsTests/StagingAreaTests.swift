import BaseSpaceAPI
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

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

    @Test func aFileOfAnEarlierProcessIsAsItWasLeft() throws {
        var file: StagedFile? = try area.makeFile(named: "a.bam")
        try file?.write([1, 2, 3], at: 5 << 20)
        file?.modified = Timestamp(seconds: 1_000_000, nanoseconds: 42)
        let serial = try #require(file?.serial)
        file = nil
        let again = try area.openFile(serial, isSealed: true)
        #expect(again.serial == serial)
        #expect(again.size == 5 << 20 | 3)
        #expect(again.frontier == again.size)
        #expect(again.modified == Timestamp(seconds: 1_000_000, nanoseconds: 42))
        #expect(again.version == 1)
        #expect(again.uploadedVersion == nil)
        #expect(again.isSealed)
        #expect(try area.openFile(serial, isSealed: false).isSealed == false)
        // It can be written on, and removed.
        try again.write([4], at: again.size)
        #expect(try again.bytes(at: 5 << 20, count: 9) == [1, 2, 3, 4])
        again.remove()
        #expect(throws: Errno.noSuchFileOrDirectory) { try area.openFile(serial, isSealed: true) }
    }

    @Test func onlyStagedFilesAreOpenedAndListed() throws {
        let file = try area.makeFile(named: "a-b.bam")
        let nameless = try area.makeFile(named: "")
        let others = ["notes.txt", "00000000-0000-0000-0000-00000000000g-x", "-----", ".hidden"]
        for name in others {
            _ = try FileDescriptor.open(
                area.directory.appending(name),
                .writeOnly,
                options: .create,
                permissions: .ownerReadWrite
            ).close()
            #expect(throws: Errno.invalidArgument) { try area.openFile(name, isSealed: true) }
        }
        #expect(StagingArea.files(in: area.directory).keys.sorted() == [file.serial, nameless.serial].sorted())
        #expect(throws: Errno.invalidArgument) { try area.openFile("../area/\(file.serial)", isSealed: true) }
        #expect(throws: Errno.invalidArgument) { try area.openFile("", isSealed: true) }
    }

    /// What was put there under such a name is not written through.
    @Test func linksAndDirectoriesAreNotOpened() throws {
        let uuid = "0b6f4ab0-5f0c-4f0e-9a51-1a2b3c4d5e6f"
        symlink("/etc/passwd", area.directory.appending("\(uuid)-link").string)
        mkdir(area.directory.appending("\(uuid)-directory").string, 0o700)
        mkfifo(area.directory.appending("\(uuid)-pipe").string, 0o600)
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try area.openFile("\(uuid)-link", isSealed: true) }
        #expect(throws: Errno.isDirectory) { try area.openFile("\(uuid)-directory", isSealed: true) }
        #expect(throws: Errno.invalidArgument) { try area.openFile("\(uuid)-pipe", isSealed: true) }
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
