/// What is known of a mount's token: whether the service takes it, and when to look for another one. Pure: it has no
/// clock, reads no file and asks nobody.
///
/// A refusal is told once, until a call that began after it succeeds. After one, the file that the token came from is
/// looked at, once a second at most; what is found there is used if the service takes it and says that it is the same
/// user's.
struct TokenState {
    /// A token as a call takes it along.
    struct Use: Sendable, Equatable {
        let token: AccessToken
        /// How many refusals there were when the call began.
        fileprivate let refusals: Int
    }

    /// What to do about a refusal.
    enum Step: Equatable {
        /// There is another token already.
        case useAnother
        /// Look for one.
        case look
        /// Somebody looks: wait for that.
        case join
        /// Nothing: the last look was a moment ago.
        case giveUp
    }

    /// What a look has found.
    enum Finding: Equatable {
        /// The refused token, or none.
        case nothing
        /// A token that the service takes and that is the same user's.
        case replacement(AccessToken)
        /// One that is not to be used; in words why.
        case unusable(AccessToken, why: String)
        /// Nobody knows: the file can't be read, or the service can't be asked; in words why.
        case unknown(why: String)
    }

    /// What is to be told.
    enum News: Equatable {
        /// The token is refused and there is no other.
        case refused
        /// And why what is in its place can't be used.
        case refusedWith(why: String)
        /// There is another one.
        case replaced
    }

    /// A look costs reading a small file; a login is no less welcome for being noticed a second late.
    static let interval = Duration.seconds(1)

    private(set) var current: AccessToken
    private var refusals = 0
    private var isRefused = false
    private var isLooking = false
    private var lastLook: ContinuousClock.Instant?
    private var toldReason: String?
    private var dismissed: AccessToken?

    init(_ token: AccessToken) {
        current = token
    }

    /// A call begins.
    var use: Use { Use(token: current, refusals: refusals) }

    /// A call was refused with 401.
    mutating func refused(_ use: Use, at now: ContinuousClock.Instant) -> Step {
        guard use.token == current else { return .useAnother }
        refusals += 1
        if isLooking { return .join }
        if let lastLook, now - lastLook < Self.interval { return .giveUp }
        lastLook = now
        isLooking = true
        return .look
    }

    /// Whether what was found in the file has to be tried.
    func isWorthTrying(_ candidate: AccessToken?) -> Bool {
        candidate != nil && candidate != current && candidate != dismissed
    }

    /// The look has ended.
    mutating func looked(_ finding: Finding) -> News? {
        isLooking = false
        switch finding {
        case .replacement(let token):
            current = token
            (isRefused, toldReason, dismissed) = (false, nil, nil)
            return .replaced
        case .nothing:
            return tell(nil)
        case .unusable(let token, let why):
            dismissed = token
            return tell(why)
        case .unknown(let why):
            return tell(why)
        }
    }

    /// A call succeeded. Whether that ends a refusal that was told.
    mutating func accepted(_ use: Use) -> Bool {
        guard isRefused, use.token == current, use.refusals == refusals else { return false }
        (isRefused, toldReason, dismissed) = (false, nil, nil)
        return true
    }

    private mutating func tell(_ why: String?) -> News? {
        let isNews = !isRefused || (why != nil && why != toldReason)
        isRefused = true
        toldReason = why ?? toldReason
        guard isNews else { return nil }
        return why.map { .refusedWith(why: $0) } ?? .refused
    }
}
