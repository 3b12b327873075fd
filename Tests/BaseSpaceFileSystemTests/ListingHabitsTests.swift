import Namespace
import Testing

@testable import BaseSpaceFileSystem

/// Who lists directories is told what it wants to know.
@Suite struct ListingHabitsTests {
    private let one = InodeNumber(rawValue: 2)
    private let two = InodeNumber(rawValue: 3)
    private let start = ContinuousClock.now
    private var habits = ListingHabits()

    private mutating func open(
        _ directory: InodeNumber,
        lines: Int = 100,
        probe: String? = "a",
        by thread: Int32 = 7,
        after seconds: Double = 0
    ) -> ListingHabits.Detail {
        habits.open(directory, lines: lines, probe: probe, by: thread, at: start + .seconds(seconds))
    }

    @Test mutating func whoReadsOnWithoutAskingWantsNames() {
        #expect(open(one) == .attributesBut(probe: "a"))
        habits.finished(one, by: 7, at: start)
        #expect(open(two) == .names)
        #expect(open(one) == .names)
        // Another program is another matter.
        #expect(open(two, by: 8) == .attributesBut(probe: "a"))
    }

    @Test mutating func whoAsksForTheProbeGetsAttributesFromThenOn() {
        _ = open(one)
        habits.lookedUp("b", in: one, by: 7, at: start)
        habits.lookedUp("a", in: two, by: 7, at: start)
        habits.lookedUp("a", in: one, by: 8, at: start)
        #expect(open(two) == .attributesBut(probe: "a"))
        habits.lookedUp("a", in: two, by: 7, at: start)
        habits.finished(two, by: 7, at: start)
        #expect(open(one) == .attributes)
    }

    @Test mutating func whoAsksForAFileLaterGetsAttributesFromThenOn() {
        _ = open(one)
        habits.finished(one, by: 7, at: start)
        #expect(open(two) == .names)
        habits.lookedUp("z", in: one, by: 7, at: start)
        #expect(open(two) == .attributes)
    }

    @Test mutating func aDirectoryThatWasOnlyOpenedTellsNothing() {
        _ = open(one)
        #expect(open(two) == .attributesBut(probe: "a"))
    }

    @Test mutating func smallDirectoriesAndThoseWithoutFilesHaveNoProbe() {
        #expect(open(one, lines: 15) == .attributes)
        #expect(open(one, probe: nil) == .attributes)
        habits.finished(one, by: 7, at: start)
        #expect(open(two) == .attributesBut(probe: "a"))
    }

    @Test mutating func numbersOfThreadsAreUsedAgain() {
        _ = open(one)
        habits.finished(one, by: 7, at: start)
        #expect(open(two, after: 61) == .attributesBut(probe: "a"))
        // The kernel itself is nobody in particular.
        #expect(open(one, by: 0) == .attributes)
    }

    @Test mutating func aStormOfProgramsIsNotRemembered() {
        for thread in 1...10_000 as ClosedRange<Int32> {
            #expect(open(one, by: thread) == .attributesBut(probe: "a"))
        }
        habits.finished(one, by: 10_000, at: start)
        #expect(open(two, by: 10_000) == .names)
    }
}
