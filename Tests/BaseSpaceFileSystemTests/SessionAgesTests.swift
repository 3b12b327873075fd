import BaseSpaceAPI
import Namespace
import Testing

@testable import BaseSpaceFileSystem

@Suite struct SessionAgesTests {
    private let container = FileContainer.appResult("17")
    private let created = Timestamp(seconds: 1_000_000_000)

    private func moment(hours: Int64, minutes: Int64 = 0) -> Timestamp {
        Timestamp(seconds: created.seconds + hours * 3600 + minutes * 60)
    }

    @Test(arguments: [0, 1, 63, 64] as [Int64])
    func thereIsTimeUntilAWorkingDayBeforeTheEnd(hours: Int64) {
        var ages = SessionAges()
        #expect(ages.warning(for: container, created: created, now: moment(hours: hours)) == nil)
    }

    @Test(arguments: [64, 70, 71] as [Int64])
    func whoNearsTheEndIsToldHowLongItIsRunning(hours: Int64) throws {
        var ages = SessionAges()
        let warning = ages.warning(for: container, created: created, now: moment(hours: hours, minutes: 1))
        #expect(try #require(warning).contains("is Running for \(hours) hours: after 72 hours"))
    }

    @Test(arguments: [72, 100, 10_000] as [Int64])
    func afterTheEndItSaysThatWorkGoesOn(hours: Int64) throws {
        var ages = SessionAges()
        let warning = ages.warning(for: container, created: created, now: moment(hours: hours))
        #expect(try #require(warning).contains("made \(hours) hours ago"))
        #expect(try #require(warning).contains("can still be worked on"))
    }

    @Test func eachIsToldOfOnce() {
        var ages = SessionAges()
        for hours in [65, 66, 73] as [Int64] {
            let warning = ages.warning(for: container, created: created, now: moment(hours: hours))
            #expect((warning != nil) == (hours == 65))
        }
        #expect(ages.warning(for: .appResult("18"), created: created, now: moment(hours: 65)) != nil)
    }

    @Test func whatTimeLeftUnknownIsNotGuessed() {
        var ages = SessionAges()
        #expect(ages.warning(for: container, created: nil, now: moment(hours: 100)) == nil)
        // And does not count as told.
        #expect(ages.warning(for: container, created: created, now: moment(hours: 100)) != nil)
    }

    @Test func aClockThatIsBehindTheServicesIsNoReason() {
        var ages = SessionAges()
        #expect(ages.warning(for: container, created: created, now: moment(hours: -5)) == nil)
    }
}
