import Foundation
import Glibc
import Namespace
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceFileSystem

@Suite struct ThreadGroupTests {
    @Test func aThreadBelongsToItsProcess() {
        #expect(ThreadGroup.of(thread: getpid()) == getpid())
        #expect(ThreadGroup.of(thread: 0) == 0)
    }

    @Test func onlyDescriptorsThatCanWriteCount() throws {
        let directory = try TemporaryDirectory(prefix: "thread-group")
        let path = directory.path.appending("f").string
        let writer = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        try #require(writer >= 0)
        var status = stat()
        fstat(writer, &status)
        let inode = InodeNumber(rawValue: UInt64(status.st_ino))
        #expect(ThreadGroup.process(getpid(), canWriteTo: inode))
        let reader = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(reader) }
        close(writer)
        #expect(!ThreadGroup.process(getpid(), canWriteTo: inode))
    }

    @Test(arguments: [
        (PROT_READ | PROT_WRITE, MAP_SHARED, true), (PROT_WRITE, MAP_SHARED, true), (PROT_READ, MAP_SHARED, false),
        (PROT_READ | PROT_WRITE, MAP_PRIVATE, false),
    ])
    func onlySharedWritableMapsCount(protection: CInt, sharing: CInt, counts: Bool) throws {
        // Blanks in the name, and one that looks like the inode's column.
        let directory = try TemporaryDirectory(prefix: "thread group rw-s 1 2 3")
        let path = try directory.write([1, 2, 3], to: "f").string
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
        var status = stat()
        fstat(descriptor, &status)
        let inode = InodeNumber(rawValue: UInt64(status.st_ino))
        let map = mmap(nil, 3, protection, sharing, descriptor, 0)
        try #require(map != MAP_FAILED)
        close(descriptor)
        #expect(ThreadGroup.process(getpid(), mapsWritably: inode) == counts)
        munmap(map, 3)
        #expect(!ThreadGroup.process(getpid(), mapsWritably: inode))
    }

    @Test func whoLivesWasNotKilled() {
        #expect(!ThreadGroup.isKilled(thread: getpid()))
        #expect(!ThreadGroup.isKilled(thread: 0))
    }
}
