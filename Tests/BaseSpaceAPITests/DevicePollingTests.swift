import HTTPTransport
import Testing

@testable import BaseSpaceAPI

@Suite("Waiting for a login")
struct DevicePollingTests {
    private let start = ContinuousClock.now
    private var polling: DevicePolling

    init() throws {
        let code: DeviceCode = try decode(
            #"{"verification_uri":"u","user_code":"c","device_code":"d","interval":2,"expires_in":60}"#
        )
        polling = DevicePolling(code, start: start)
    }

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func error(_ kind: BaseSpaceError.Kind) -> BaseSpaceError {
        BaseSpaceError(kind: kind, message: "words", endpoint: "POST token")
    }

    @Test("The server's interval is kept, and grows by 5 s each time it is too short")
    mutating func interval() {
        #expect(polling.first(at: at(0)) == .ask(after: .seconds(2)))
        #expect(polling.next(after: .success(.pending), at: at(2)) == .ask(after: .seconds(2)))
        #expect(polling.next(after: .success(.tooFast), at: at(4)) == .ask(after: .seconds(7)))
        #expect(polling.next(after: .success(.pending), at: at(11)) == .ask(after: .seconds(7)))
        #expect(polling.next(after: .success(.tooFast), at: at(18)) == .ask(after: .seconds(12)))
    }

    @Test("The last question is asked when the code expires")
    mutating func expiry() {
        #expect(polling.next(after: .success(.pending), at: at(59)) == .ask(after: .seconds(1)))
        #expect(polling.next(after: .success(.pending), at: at(60)) == .end(.expired))
    }

    @Test("It ends with the user's answer")
    mutating func answers() throws {
        let token = try AccessToken("aaaa1111")
        #expect(polling.next(after: .success(.denied), at: at(2)) == .end(.denied))
        #expect(polling.next(after: .success(.expired), at: at(2)) == .end(.expired))
        #expect(polling.next(after: .success(.granted(token)), at: at(99)) == .end(.granted(token)))
    }

    @Test("What passes is asked on, what does not is the end")
    mutating func failures() {
        for kind in [BaseSpaceError.Kind.transport(.cannotConnect), .transport(.connectionLost), .service(status: 503)]
        {
            #expect(polling.next(after: .failure(error(kind)), at: at(2)) == .ask(after: .seconds(2)))
            #expect(polling.trouble == error(kind))
        }
        #expect(polling.next(after: .success(.pending), at: at(4)) == .ask(after: .seconds(2)))
        #expect(polling.trouble == nil)
        #expect(polling.next(after: .failure(error(.transport(.connectionLost))), at: at(60)) == .end(.expired))
        let refusal = error(.service(status: 400))
        #expect(polling.next(after: .failure(refusal), at: at(2)) == .end(.failed(refusal)))
    }
}
