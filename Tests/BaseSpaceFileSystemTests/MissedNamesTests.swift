import Namespace
import Testing

@testable import BaseSpaceFileSystem

@Suite struct MissedNamesTests {
    private let directory = InodeNumber(rawValue: 2)
    private let start = ContinuousClock.now

    @Test func namesAreKnownForAsLongAsTheKernelMayRememberThem() {
        var names = MissedNames(lifetime: .seconds(5))
        names.insert("a", in: directory, at: start)
        names.insert("b", in: directory, at: start + .seconds(4.9))
        names.insert("c", in: InodeNumber(rawValue: 3), at: start + .seconds(5))
        #expect(names.names(in: directory) == ["a", "b"])
        names.insert("d", in: directory, at: start + .seconds(10))
        #expect(names.names(in: directory) == ["d"])
    }

    @Test func aStormOfNamesTakesNoMoreThanTwoGenerations() {
        var names = MissedNames(lifetime: .seconds(5))
        for number in 0..<100_000 {
            names.insert("\(number)", in: directory, at: start)
        }
        #expect(names.names(in: directory).count <= 2 * 4096)
        #expect(names.names(in: directory).contains("99999"))
    }
}
