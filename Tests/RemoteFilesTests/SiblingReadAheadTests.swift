import BaseSpaceAPI
import TestSupport
import Testing

@testable import RemoteFiles

@Suite struct SiblingReadAheadTests {
    /// 100 small files. Their inode numbers run the other way round than their names, the listing has even ones first.
    private static let files: [Candidate] = {
        let numbers = Array(stride(from: 0, to: 100, by: 2)) + Array(stride(from: 1, to: 100, by: 2))
        return numbers.map { candidate($0) }
    }()

    private static func candidate(_ number: Int, size: Int64 = 64 << 10) -> Candidate {
        let name = "file" + (number < 10 ? "0" : "") + "\(number)"
        let file = RemoteFileVersion(id: EntityID("\(number)"), name: name, size: size, etag: "e")
        return Candidate(file: file, url: nil, inode: UInt64(1000 - number))
    }

    private func learned(_ files: [Candidate] = files, opening numbers: [Int]) -> (SiblingReadAhead, [Int]) {
        var readAhead = SiblingReadAhead()
        for number in numbers.prefix(3) {
            _ = readAhead.opened(EntityID("\(number)"), size: 1)
        }
        var prepared = numbersOf(readAhead.learned(files))
        for number in numbers.dropFirst(3) {
            prepared += numbersOf(readAhead.opened(EntityID("\(number)"), size: 1))
        }
        return (readAhead, prepared)
    }

    private func numbersOf(_ action: SiblingReadAhead.Action) -> [Int] {
        guard case .prepare(let candidates) = action else { return [] }
        return candidates.compactMap { Int($0.file.id.rawValue) }
    }

    @Test func theThirdFileMakesItLook() {
        var readAhead = SiblingReadAhead()
        for number in 0..<2 {
            guard case .nothing = readAhead.opened(EntityID("\(number)"), size: 1) else {
                Issue.record("too early")
                return
            }
        }
        guard case .learn = readAhead.opened("2", size: 1) else {
            Issue.record("it does not look")
            return
        }
        // Once: the answer is on its way.
        guard case .nothing = readAhead.opened("3", size: 1) else {
            Issue.record("it looks twice")
            return
        }
    }

    @Test func largeFilesDoNotCount() {
        var readAhead = SiblingReadAhead()
        for number in 0..<9 {
            guard case .nothing = readAhead.opened(EntityID("\(number)"), size: 2 << 20) else {
                Issue.record("a large file counts")
                return
            }
        }
    }

    @Test func inTheOrderOfNames() {
        #expect(learned(opening: [10, 11, 12]).1 == [13, 14, 15])
    }

    @Test func inTheOrderOfInodes() {
        #expect(learned(opening: [50, 49, 48]).1 == [47, 46, 45])
    }

    @Test func inTheOrderOfTheListing() {
        // Far from each other by name.
        #expect(learned(opening: [94, 96, 98, 1, 3]).1.contains(5))
    }

    @Test func theWindowGrowsAndNothingIsFetchedTwice() {
        let (_, prepared) = learned(opening: Array(0..<50))
        #expect(prepared == Array(3..<100))
    }

    @Test func severalReadersOfOneDirectoryAreOneRun() {
        let (_, prepared) = learned(opening: [0, 2, 1, 4, 3, 7, 5, 6])
        // Each that gets ahead asks for what follows it; those that are behind ask for nothing twice.
        #expect(prepared == [5, 6, 7, 8, 9, 10, 11])
    }

    @Test func filesHereAndThereAreNoRun() {
        #expect(learned(opening: [3, 90, 40, 71, 15, 58, 97, 22]).1.isEmpty)
    }

    @Test func aRunThatBreaksOffBeginsAnew() {
        #expect(learned(opening: [0, 1, 2, 60, 61, 62]).1 == [3, 4, 5, 63, 64, 65])
    }

    @Test func largeAndEmptyFilesAreLeftOut() {
        let files = (0..<20).map { Self.candidate($0, size: $0 == 4 ? 2 << 20 : $0 == 5 ? 0 : 1000) }
        #expect(learned(files, opening: [0, 1, 2]).1 == [3])
    }
}
