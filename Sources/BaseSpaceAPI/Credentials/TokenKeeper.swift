internal import Dispatch
public import Logging
internal import Synchronization

/// The token of a mount, for all of its clients. When the service refuses it, it looks whether a login has left another
/// one where this one came from, so that a mount goes on without being mounted anew. (`TokenState`)
public final class TokenKeeper: Sendable {
    /// Asks the service whose a token is.
    typealias Inquiry = @Sendable (AccessToken) async throws(BaseSpaceError) -> Holder

    /// Who has a token, and whose data it opens, which may be a workgroup's; `nil` where the service does not tell.
    struct Holder: Sendable {
        let user: User
        let dataOwner: User?
    }

    private struct State {
        var token: TokenState
        /// Whose the token is. Until that is known no other token is taken.
        var holder: Holder?
        var look: Task<Void, Never>?
        var whenReplaced: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    private let origin: Credentials.Origin?
    private let file: TokenFile?
    private let logger: Logger
    private let reading = DispatchQueue(label: "token file")

    /// Keeps the token that was found, and remembers where.
    public init(_ credentials: Credentials, logger: Logger) {
        state = Mutex(State(token: TokenState(credentials.token)))
        origin = credentials.tokenOrigin
        file = credentials.tokenFile
        self.logger = logger
    }

    /// Keeps a token that there is no other for, and says nothing.
    init(fixed token: AccessToken, logger: Logger) {
        state = Mutex(State(token: TokenState(token)))
        origin = nil
        file = nil
        self.logger = logger
    }

    /// From now on a token that is refused is told in the log and may be replaced by another one of this user.
    ///
    /// - Parameter dataOwner: Whose data the token opens, the user's or a workgroup's; another token has to open the same.
    ///   `nil` when the service does not tell.
    public func begin(for user: User, dataOf dataOwner: User?) {
        state.withLock { $0.holder = Holder(user: user, dataOwner: dataOwner) }
    }

    /// Sets what is to be done once another token is in use.
    public func whenReplaced(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenReplaced = action }
    }

    /// The token for a call that begins.
    var use: TokenState.Use { state.withLock { $0.token.use } }

    /// A call succeeded.
    func accepted(_ use: TokenState.Use) {
        guard state.withLock({ $0.token.accepted(use) }) else { return }
        logger.notice("the service accepts the token from \(name) again")
    }

    /// A call was refused with 401. Another token to make it with; `nil` when there is none, or when the calling task was
    /// cancelled meanwhile.
    ///
    /// - Parameters:
    ///   - error: How the service refused.
    ///   - inquiry: How to find out whose another token is.
    func replacement(
        for use: TokenState.Use,
        _ error: BaseSpaceError,
        inquiry: @escaping Inquiry
    ) async -> TokenState.Use? {
        let look: Task<Void, Never>? = state.withLock { state in
            guard let holder = state.holder else { return nil }
            switch state.token.refused(use, at: .now) {
            case .useAnother, .giveUp: return nil
            case .join: return state.look
            case .look:
                let look = Task { await self.look(for: holder, error, inquiry) }
                state.look = look
                return look
            }
        }
        _ = await look?.valueUnlessCancelled()
        let next = self.use
        return next.token == use.token || Task.isCancelled ? nil : next
    }

    private var name: String { origin.map { "\($0)" } ?? "its caller" }
}

// MARK: Looking for another token

extension TokenKeeper {
    private func look(for holder: Holder, _ error: BaseSpaceError, _ inquiry: Inquiry) async {
        let finding = await finding(for: holder, inquiry)
        let (news, action) = state.withLock { state in
            state.look = nil
            let news = state.token.looked(finding)
            return (news, news == .replaced ? state.whenReplaced : nil)
        }
        switch news {
        case .replaced:
            logger.notice("the service refused the token from \(name); the new one that is there now is used")
        case .refused:
            logger.error("the service refuses the token from \(name) (\(error.refusal)): \(advice)")
        case .refusedWith(let why):
            logger.error("the service refuses the token from \(name) (\(error.refusal)), and \(why): \(advice)")
        case nil:
            break
        }
        action?()
    }

    private func finding(for holder: Holder, _ inquiry: Inquiry) async -> TokenState.Finding {
        let candidate: AccessToken
        do throws(CredentialsError) {
            switch try await read() {
            case .nothing:
                return .nothing
            case .otherServer(let now, let before):
                return .unknown(
                    why: "\(name) is logged in to \(now) now, not to this mount's server (--api-server \(before))"
                )
            case .token(let token):
                candidate = token
            }
        } catch {
            return .unknown(why: "another one can't be read (\(error))")
        }
        guard state.withLock({ $0.token.isWorthTrying(candidate) }) else { return .nothing }
        do throws(BaseSpaceError) {
            if let why = holder.objection(to: try await inquiry(candidate)) { return .unusable(candidate, why: why) }
            return .replacement(candidate)
        } catch {
            switch error.kind {
            case .service(status: 401): return .unusable(candidate, why: "the new one there as well")
            default: return .unknown(why: "whose the new one there is can't be found out (\(error))")
            }
        }
    }

    /// The file may be on a file system that hangs: the cooperative pool must not wait for it.
    private func read() async throws(CredentialsError) -> TokenFile.Content {
        guard let file else { return .nothing }
        let result = await withCheckedContinuation { continuation in
            reading.async {
                continuation.resume(returning: Result { () throws(CredentialsError) in try file.content() })
            }
        }
        return try result.get()
    }

    /// What the user has to do.
    private var advice: String {
        switch origin {
        case .profile:
            return "`\(origin?.loginCommand ?? "")` makes a new one, and the mount goes on with it"
        case .option:
            return "put a new one into the file, and the mount goes on with it"
        case .environment, .login, .standard, nil:
            return "mount again with a new one"
        }
    }
}

extension TokenKeeper.Holder {
    /// Why the token of another holder can't take the place of this one's; `nil` when it can.
    fileprivate func objection(to other: Self) -> String? {
        guard other.user.id == user.id else {
            return "the new one there is of \(other.user.name) (user \(other.user.id)), not of \(user.name) "
                + "(user \(user.id)) whose data this mount has"
        }
        guard let dataOwner else { return nil }
        guard let others = other.dataOwner else {
            return "the service does not tell whether the new one there opens the data of \(dataOwner.name) "
                + "(\(dataOwner.id)), which this mount has"
        }
        guard others.id == dataOwner.id else {
            return "the new one there opens the data of \(others.name) (\(others.id)), not of \(dataOwner.name) "
                + "(\(dataOwner.id)) whose data this mount has"
        }
        return nil
    }
}

extension BaseSpaceError {
    /// The call and the service's words.
    fileprivate var refusal: String { "\(endpoint): \(status.map { "\($0) " } ?? "")\(message)" }
}
