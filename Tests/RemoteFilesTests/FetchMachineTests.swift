import HTTPTransport
import Testing

@testable import RemoteFiles

@Suite struct FetchMachineTests {
    private func head(_ status: Int, _ headers: HTTPHeaders = [:]) -> HTTPResponseHead {
        HTTPResponseHead(status: status, headers: headers)
    }

    private func partial(_ range: ClosedRange<Int64>, of size: Int64 = 1000) -> HTTPResponseHead {
        head(206, ["Content-Range": "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"])
    }

    private let reset = FetchMachine.Failure(code: .unreachable, reason: "reset", isTransient: true)

    private func machine(_ range: Range<Int64> = 100..<300) -> FetchMachine {
        FetchMachine(range: range, size: 1000)
    }

    @Test func bytesThatCameAreNotFetchedAgain() {
        var machine = machine()
        #expect(machine.located() == .transfer(100..<300))
        #expect(machine.received(partial(100...299)) == .receive)
        machine.received(bytes: 150)
        #expect(machine.completed(failure: reset, jitter: 0.5) == .wait(0))
        #expect(machine.located() == .transfer(250..<300))
        #expect(machine.received(partial(250...299)) == .receive)
        machine.received(bytes: 50)
        #expect(machine.completed(failure: nil, jitter: 0.5) == .finish)
    }

    @Test func aBodyThatEndsEarlyIsContinued() {
        var machine = machine()
        _ = machine.located()
        _ = machine.received(partial(100...299))
        machine.received(bytes: 10)
        #expect(machine.completed(failure: nil, jitter: 0) == .wait(0))
        #expect(machine.missing == 110..<300)
    }

    /// A login portal's page with 200, or a proxy that compresses.
    @Test func aBodyOfAnotherLengthThanItsRangeIsNotTaken() {
        var whole = FetchMachine(range: 0..<1000, size: 1000)
        for length in ["461", "1004", "x"] {
            _ = whole.located()
            #expect(whole.received(head(200, ["Content-Length": length])) == .drop)
            guard case .wait = whole.completed(failure: nil, jitter: 0) else {
                Issue.record("it is not asked for again")
                return
            }
        }
        #expect(whole.received(head(200, ["Content-Length": "1000"])) == .receive)
        var part = machine()
        _ = part.located()
        #expect(
            part.received(head(206, ["Content-Range": "bytes 100-299/1000", "Content-Length": "57"])) == .drop
        )
        guard case .wait = part.completed(failure: nil, jitter: 0) else {
            Issue.record("it is not asked for again")
            return
        }
        #expect(part.missing == 100..<300)
    }

    @Test func anExpiredURLIsRenewedOnce() {
        var machine = machine()
        for _ in 0..<2 {
            _ = machine.located()
            #expect(machine.received(head(403)) == .drop)
        }
        #expect(
            machine.completed(failure: nil, jitter: 0)
                == .fail(.denied, "the object store refuses access, also with a fresh URL")
        )
        machine = self.machine()
        _ = machine.located()
        _ = machine.received(head(403))
        #expect(machine.completed(failure: nil, jitter: 0) == .locate(renewing: true))
    }

    @Test(arguments: [
        (412, RemoteReadError.Code.changed), (416, .changed), (404, .gone), (410, .gone), (302, .unusable),
    ])
    func finalAnswersEndTheFetch(status: Int, code: RemoteReadError.Code) {
        var machine = machine()
        _ = machine.located()
        #expect(machine.received(head(status)) == .drop)
        guard case .fail(code, _) = machine.completed(failure: nil, jitter: 0) else {
            Issue.record("\(status) is not \(code)")
            return
        }
    }

    @Test func aChangedSizeIsAChange() {
        var machine = machine()
        _ = machine.located()
        #expect(machine.received(partial(100...299, of: 2000)) == .drop)
        guard case .fail(.changed, _) = machine.completed(failure: nil, jitter: 0) else {
            Issue.record("not a change")
            return
        }
    }

    @Test(arguments: [100...298, 0...199, 101...300] as [ClosedRange<Int64>])
    func aRangeThatWasNotAskedForIsNotTaken(range: ClosedRange<Int64>) {
        var machine = machine()
        _ = machine.located()
        #expect(machine.received(partial(range)) == .drop)
        #expect(machine.completed(failure: nil, jitter: 0) == .wait(0))
    }

    @Test func anotherETagIsAChange() {
        var machine = FetchMachine(range: 100..<300, size: 1000, etag: "abc")
        _ = machine.located()
        let range = "bytes 100-299/1000"
        #expect(machine.received(head(206, ["Content-Range": range, "ETag": "\"abc\""])) == .receive)
        #expect(machine.received(head(206, ["Content-Range": range, "ETag": "\"def\""])) == .drop)
        #expect(machine.received(head(206)) == .drop)
    }

    @Test func aWholeFileIsOnlyTakenByWhoAskedForAll() {
        var machine = machine()
        _ = machine.located()
        #expect(machine.received(head(200)) == .drop)
        var whole = self.machine(0..<1000)
        _ = whole.located()
        #expect(whole.received(head(200)) == .receive)
    }

    @Test func aBusyStoreSaysHowLongToWait() {
        var machine = machine()
        _ = machine.located()
        _ = machine.received(head(503, ["Retry-After": "2"]))
        #expect(machine.completed(failure: nil, jitter: 0.5) == .wait(2))
        _ = machine.located()
        _ = machine.received(head(503, ["Retry-After": "86400"]))
        #expect(machine.completed(failure: nil, jitter: 0.5) == .wait(30))
    }

    @Test(arguments: ["nan", "inf", "-5", "soon", "1e300"])
    func aStoreThatSaysNonsenseIsAskedAgainSoon(field: String) {
        var machine = machine()
        _ = machine.located()
        _ = machine.received(head(503, ["Retry-After": field]))
        guard case .wait(let seconds) = machine.completed(failure: nil, jitter: 0.5) else {
            Issue.record("no further attempt")
            return
        }
        #expect((0...1).contains(seconds))
    }

    @Test func itGivesUpAfterFailuresWithoutProgressOnly() {
        var machine = machine()
        for _ in 1..<FetchMachine.maximumFailures {
            _ = machine.located()
            guard case .wait = machine.completed(failure: reset, jitter: 0) else {
                Issue.record("gave up early")
                return
            }
        }
        _ = machine.located()
        _ = machine.received(partial(100...299))
        machine.received(bytes: 1)
        #expect(machine.completed(failure: reset, jitter: 0) == .wait(0))
        for _ in 2..<FetchMachine.maximumFailures {
            _ = machine.completed(failure: reset, jitter: 0)
        }
        guard case .fail(.unreachable, "reset") = machine.completed(failure: reset, jitter: 0)
        else {
            Issue.record("did not give up")
            return
        }
    }

    /// The table in the comment of `delay`.
    @Test(arguments: [(1, 0.0), (2, 0.2), (3, 0.4), (4, 0.8), (7, 6.4)])
    func theBackOffFollowsItsTable(failures: Int, longest: Double) {
        #expect(abs(FetchMachine.delay(failures: failures, jitter: 1) - longest) < 1e-9)
        #expect(FetchMachine.delay(failures: failures, jitter: 0) == 0)
    }
}
