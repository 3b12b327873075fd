import Namespace
import Testing

@testable import FUSEAdapter

@Suite struct PassthroughTableTests {
    private let inode = InodeNumber(rawValue: 7)

    @Test func theFirstOpenDecidesUntilTheLastRelease() {
        var table = PassthroughTable()
        #expect(!table.isDecided(inode))
        #expect(table.open(inode, isDirect: false, content: "a", backing: 3) == (.passthrough(3), nil))
        #expect(table.isDecided(inode))
        #expect(table.open(inode, isDirect: false, content: "a", backing: nil) == (.passthrough(3), nil))
        #expect(table.release(inode) == nil)
        #expect(table.release(inode) == 3)
        #expect(table.isEmpty)
        #expect(table.open(inode, isDirect: false, content: "a", backing: nil) == (.cached, nil))
        #expect(table.open(inode, isDirect: false, content: "a", backing: 4) == (.cached, 4))
        #expect(table.release(inode) == nil)
        #expect(table.release(inode) == nil)
        #expect(table.isEmpty)
    }

    @Test func ofTwoFirstOpensAtOnceOneGivesTheFile() {
        var table = PassthroughTable()
        #expect(table.open(inode, isDirect: false, content: "a", backing: 3) == (.passthrough(3), nil))
        #expect(table.open(inode, isDirect: false, content: "a", backing: 4) == (.passthrough(3), 4))
    }

    @Test func otherBytesAreRefusedWhileTheInodeIsPassedThrough() {
        var table = PassthroughTable()
        #expect(table.open(inode, isDirect: false, content: "a", backing: 3) == (.passthrough(3), nil))
        #expect(table.open(inode, isDirect: false, content: "b", backing: 4) == (.refused, 4))
        #expect(table.open(inode, isDirect: false, content: nil, backing: nil) == (.refused, nil))
        #expect(table.open(inode, isDirect: true, content: "a", backing: nil) == (.refused, nil))
        #expect(table.release(inode) == 3)
        #expect(table.isEmpty)
    }

    @Test func directOpensLeaveTheChoiceToTheNext() {
        var table = PassthroughTable()
        #expect(table.open(inode, isDirect: true, content: nil, backing: nil) == (.direct, nil))
        #expect(!table.isDecided(inode))
        #expect(table.open(inode, isDirect: false, content: "a", backing: 5) == (.passthrough(5), nil))
        #expect(table.release(inode) == nil)
        #expect(table.release(inode) == 5)
        #expect(table.open(inode, isDirect: true, content: nil, backing: nil) == (.direct, nil))
        #expect(table.open(inode, isDirect: false, content: nil, backing: nil) == (.cached, nil))
        #expect(table.open(inode, isDirect: true, content: nil, backing: nil) == (.direct, nil))
        #expect(table.release(inode) == nil)
    }

    @Test func inodesKnowNothingOfEachOther() {
        var table = PassthroughTable()
        let other = InodeNumber(rawValue: 8)
        #expect(table.open(inode, isDirect: false, content: "a", backing: 3) == (.passthrough(3), nil))
        #expect(table.open(other, isDirect: false, content: "b", backing: nil) == (.cached, nil))
        #expect(table.release(other) == nil)
        #expect(table.release(other) == nil)
        #expect(table.release(inode) == 3)
    }
}
