import Synchronization

extension Simulator {
    /// What becomes of a client that has asked for a code and waits for the user.
    public enum DeviceAnswer: String, Sendable, CaseIterable {
        /// The user has not answered yet.
        case pending
        /// The user has allowed it: the client gets a token.
        case grant
        /// The user has refused.
        case deny
        /// The code is too old, whatever the clock says.
        case expire
        /// The client is told to ask less often.
        case slow
    }
}

/// The codes of the device flow, and what users have said to them.
final class DeviceStore: Sendable {
    /// How long a code is good, and how many seconds a client has to wait between two questions: the live values.
    static let lifetime = Duration.seconds(1800)
    static let interval: Int64 = 1

    /// A code that a client has asked for.
    struct Device: Sendable {
        /// The client's secret.
        let code: String
        /// What the user types.
        let userCode: String
        let scopes: String
        let expires: ServiceDate
        var answer: Simulator.DeviceAnswer
        var isUsed = false
    }

    /// How a question ends.
    enum Outcome: Equatable {
        case granted(scopes: String)
        /// `error` and `error_description`.
        case refused(String, String)
    }

    private struct State {
        var devices: [Device] = []
        /// What new codes begin with.
        var answer: Simulator.DeviceAnswer
    }

    private let state: Mutex<State>

    init(answer: Simulator.DeviceAnswer) {
        state = Mutex(State(answer: answer))
    }

    /// The codes in the order in which they were asked for.
    var devices: [Device] { state.withLock { $0.devices } }

    func add(scopes: String, now: ServiceDate) -> Device {
        state.withLock { state in
            let device = Device(
                code: RequestIDs.randomHex(32),
                userCode: RequestIDs.random(5),
                scopes: scopes,
                expires: now + Self.lifetime,
                answer: state.answer
            )
            state.devices.append(device)
            return device
        }
    }

    /// Lets the user answer: to one code, or, without one, to all that wait and all that come.
    ///
    /// - Returns: false if there is no such code.
    func answer(_ answer: Simulator.DeviceAnswer, userCode: String?) -> Bool {
        state.withLock { state in
            if userCode == nil { state.answer = answer }
            var isKnown = userCode == nil
            for index in state.devices.indices where userCode == nil || state.devices[index].userCode == userCode {
                state.devices[index].answer = answer
                isKnown = true
            }
            return isKnown
        }
    }

    /// Answers a client that asks for its token.
    func poll(code: String, now: ServiceDate) -> Outcome {
        state.withLock { state in
            guard let index = state.devices.firstIndex(where: { $0.code == code }) else {
                return .refused("invalid_grant", "The code is unknown")
            }
            let device = state.devices[index]
            if device.isUsed { return .refused("invalid_grant", "The code was used already") }
            if device.expires <= now { return .refused("expired_token", "The code has expired") }
            switch device.answer {
            case .pending: return .refused("authorization_pending", "The user has not answered yet")
            case .deny: return .refused("access_denied", "The user has refused")
            case .expire: return .refused("expired_token", "The code has expired")
            case .slow: return .refused("slow_down", "Wait longer between two requests")
            case .grant:
                state.devices[index].isUsed = true
                return .granted(scopes: device.scopes)
            }
        }
    }
}
