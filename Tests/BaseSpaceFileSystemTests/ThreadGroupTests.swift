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

    @Test func whoLivesWasNotKilled() {
        #expect(!ThreadGroup.isKilled(thread: getpid()))
        #expect(!ThreadGroup.isKilled(thread: 0))
    }
}
