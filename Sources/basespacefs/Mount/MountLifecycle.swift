/// The life of a mount's process, from start to the moment when it may exit.
///
///     starting ──began──▶ serving ──signal──▶ finishing ──uploads done──▶ leaving
///        │ signal            │ kernel unmounted   │ kernel unmounted           ▲
///        ▼                   ▼                    ▼                            │
///     exits             finishing, unmounted ──────── uploads done ────────────┤
///                                                     second signal ───────────┘
///
/// A pure state machine: each event returns what is to be done, and the caller does it without a lock held.
struct MountLifecycle {
    /// What is to be done.
    enum Action: Equatable {
        /// There is no mount yet: exit.
        case exitAtOnce
        /// Upload what is staged, then tell `uploadsEnded`.
        case finishUploads
        /// Take the mount away. The process exits when it is gone.
        case unmount
        /// Uploads are over and there is no mount: exit.
        case exit
    }

    private enum State {
        case starting
        case serving
        case finishing(isMounted: Bool)
        case leaving(isMounted: Bool)
    }

    private var state = State.starting

    /// Nobody asked for the end yet.
    var isServing: Bool {
        if case .serving = state { true } else { false }
    }

    /// The mount is about to appear.
    mutating func began() {
        if case .starting = state { state = .serving }
    }

    /// A signal asks for the end.
    mutating func signalArrived() -> Action? {
        switch state {
        case .starting:
            state = .leaving(isMounted: false)
            return .exitAtOnce
        case .serving:
            state = .finishing(isMounted: true)
            return .finishUploads
        case .finishing(let isMounted):
            state = .leaving(isMounted: isMounted)
            return isMounted ? .unmount : .exit
        case .leaving:
            return nil
        }
    }

    /// The kernel sends no more requests: the mount is gone, by our doing or by somebody else's.
    mutating func mountEnded() -> Action? {
        switch state {
        case .starting:
            return nil
        case .serving:
            state = .finishing(isMounted: false)
            return .finishUploads
        case .finishing:
            state = .finishing(isMounted: false)
            return nil
        case .leaving(let isMounted):
            state = .leaving(isMounted: false)
            return isMounted ? .exit : nil
        }
    }

    /// All uploads are done, or given up.
    mutating func uploadsEnded() -> Action? {
        guard case .finishing(let isMounted) = state else { return nil }
        state = .leaving(isMounted: isMounted)
        return isMounted ? .unmount : .exit
    }
}
