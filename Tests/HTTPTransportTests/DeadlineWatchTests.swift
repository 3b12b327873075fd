import Testing

@testable import HTTPTransport

struct DeadlineWatchTests {
    private let start = ContinuousClock.now
    private let deadlines = HTTPDeadlines(
        connect: .seconds(5),
        firstByte: .seconds(10),
        stallTime: .seconds(8),
        stallBytesPerSecond: 100
    )

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func connectingHasADeadline() {
        var watch = DeadlineWatch(deadlines, now: start)
        #expect(watch.nextCheck == at(5))
        #expect(watch.overdue(now: at(4.9)) == nil)
        #expect(watch.overdue(now: at(5)) == .connectTimedOut)
    }

    @Test func theFirstByteHasADeadlineThatStartsWithTheRequest() {
        var watch = DeadlineWatch(deadlines, now: start)
        watch.connected(sendsBody: false, now: at(4))
        #expect(watch.overdue(now: at(13.9)) == nil)
        #expect(watch.overdue(now: at(14)) == .firstByteTimedOut)
    }

    @Test func aBodyThatIsSentMovesTheFirstByteDeadline() {
        var watch = DeadlineWatch(deadlines, now: start)
        watch.connected(sendsBody: true, now: at(1))
        for second in 2...60 {
            watch.moved(1000)
            #expect(watch.overdue(now: at(Double(second))) == nil)
        }
        watch.sentBody(now: at(60))
        #expect(watch.overdue(now: at(69.9)) == nil)
        #expect(watch.overdue(now: at(70)) == .firstByteTimedOut)
    }

    @Test func aBodyUnderTheRateIsStalledAfterItsTime() {
        var watch = DeadlineWatch(deadlines, now: start)
        watch.connected(sendsBody: false, now: start)
        watch.responseBegan(now: start)
        for second in 1...7 {
            watch.moved(99)
            #expect(watch.overdue(now: at(Double(second))) == nil)
        }
        watch.moved(99)
        #expect(watch.overdue(now: at(8)) == .stalled)
    }

    @Test func oneGoodTickStartsTheCountAnew() {
        var watch = DeadlineWatch(deadlines, now: start)
        watch.responseBegan(now: start)
        for second in 1...100 {
            if second.isMultiple(of: 7) { watch.moved(100) }
            #expect(watch.overdue(now: at(Double(second))) == nil)
        }
    }

    @Test func theTotalCountsInEveryPhase() {
        var deadlines = deadlines
        deadlines.total = .seconds(3)
        var watch = DeadlineWatch(deadlines, now: start)
        #expect(watch.nextCheck == at(3))
        watch.responseBegan(now: at(1))
        watch.moved(1 << 20)
        #expect(watch.overdue(now: at(3)) == .deadlineExceeded)
    }
}

struct HeadParserTests {
    private func parse(_ lines: [String]) -> [HTTPResponseHead] {
        var parser = HeadParser()
        return lines.compactMap { line in
            Array((line + "\r\n").utf8).withUnsafeBytes { parser.take($0) }
        }
    }

    @Test func passesInterimResponsesAndTrailersOver() {
        let heads = parse([
            "HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "ETag:  \"x\" ", "Empty:", "", "Trailer: t", "",
        ])
        #expect(heads == [HTTPResponseHead(status: 200, headers: ["ETag": "\"x\"", "Empty": ""])])
        #expect(parse(["HTTP/2 404 ", ""]).first?.status == 404)
    }
}
