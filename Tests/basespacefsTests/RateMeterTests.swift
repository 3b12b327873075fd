import Testing

@testable import basespacefs

@Suite("The rate of a count")
struct RateMeterTests {
    private let start = ContinuousClock.now

    private func moment(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("is nothing before there is a time to speak of")
    func unknown() {
        var meter = RateMeter(window: .seconds(10))
        #expect(meter.rate(of: 100, at: start) == 0)
        meter.note(0, at: start)
        #expect(meter.rate(of: 100, at: moment(0.1)) == 0)
        #expect(meter.rate(of: 100, at: moment(1)) == 100)
    }

    @Test("is that of the window, not of all the time")
    func window() {
        var meter = RateMeter(window: .seconds(10))
        for second in 0...20 { meter.note(UInt64(second < 10 ? 0 : (second - 10) * 50), at: moment(Double(second))) }
        #expect(meter.rate(of: 500, at: moment(20)) == 50)
        for second in 21...40 { meter.note(500, at: moment(Double(second))) }
        #expect(meter.rate(of: 500, at: moment(40)) == 0)
    }

    @Test("of a count that falls is nothing")
    func falling() {
        var meter = RateMeter(window: .seconds(60))
        meter.note(1000, at: start)
        #expect(meter.rate(of: 10, at: moment(5)) == 0)
    }
}
