internal import Namespace

/// What programs that list directories want to know: the names, or the attributes too.
///
/// An entry with attributes makes the kernel keep an inode for it, and this process a node. That spares `ls -l` a call for
/// each file; for `find -name`, `ls -R` or a shell's completion it is half of the time, and memory for nothing. The
/// kernel does not say which it is: a `stat` of what came with attributes never gets here. So of a directory's files
/// one, the *probe*, is listed without. A program that looks the probe up wants attributes, and gets all from then on;
/// one that has read the directory and goes on to the next one without having asked gets names of files, until it looks
/// one up.
///
/// ```
///            probe looked up
///   new ──────────────────────▶ attributes
///    │                              ▲
///    └─ next directory ──▶ names ───┘ a file looked up
/// ```
struct ListingHabits: Sendable {
    /// What a listing has of files; directories, which are walked into, have their attributes always.
    enum Detail: Hashable, Sendable {
        case attributes
        /// Attributes of all but the one of this name.
        case attributesBut(probe: String)
        case names
    }

    private enum Habit: Hashable {
        case probed(InodeNumber, name: String, isRead: Bool)
        case names
        case attributes
    }

    /// Numbers of threads are used again; what was not seen for this long is another program.
    private static let lifetime = Duration.seconds(60)
    /// Threads that are remembered. Who is forgotten is probed once more.
    private static let capacity = 256
    /// A directory with fewer lines is listed with attributes: so little is not worth a call.
    private static let fewestLines = 16

    private var habits: [Int32: (habit: Habit, seen: ContinuousClock.Instant)] = [:]

    /// A thread opens a directory.
    ///
    /// - Parameters:
    ///   - thread: As the kernel names it; 0 is nobody in particular.
    ///   - lines: How many the directory has.
    ///   - probe: The name of one of its files, if it has one.
    mutating func open(
        _ directory: InodeNumber,
        lines: Int,
        probe: String?,
        by thread: Int32,
        at now: ContinuousClock.Instant
    ) -> Detail {
        guard thread > 0 else { return .attributes }
        switch habit(of: thread, at: now) {
        case .attributes:
            return .attributes
        case .names, .probed(_, _, isRead: true):
            remember(.names, of: thread, at: now)
            return .names
        case nil, .probed(_, _, isRead: false):
            guard let probe, lines >= Self.fewestLines else { return .attributes }
            remember(.probed(directory, name: probe, isRead: false), of: thread, at: now)
            return .attributesBut(probe: probe)
        }
    }

    /// A directory was read to its end.
    mutating func finished(_ directory: InodeNumber, by thread: Int32, at now: ContinuousClock.Instant) {
        guard case .probed(directory, let name, isRead: false) = habit(of: thread, at: now) else { return }
        remember(.probed(directory, name: name, isRead: true), of: thread, at: now)
    }

    /// A thread looked a file up.
    mutating func lookedUp(
        _ name: String,
        in directory: InodeNumber,
        by thread: Int32,
        at now: ContinuousClock.Instant
    ) {
        switch habit(of: thread, at: now) {
        case .names, .probed(directory, name, _): remember(.attributes, of: thread, at: now)
        case .attributes, .probed, nil: break
        }
    }

    private func habit(of thread: Int32, at now: ContinuousClock.Instant) -> Habit? {
        guard let known = habits[thread], known.seen + Self.lifetime > now else { return nil }
        return known.habit
    }

    private mutating func remember(_ habit: Habit, of thread: Int32, at now: ContinuousClock.Instant) {
        if habits.count >= Self.capacity, habits[thread] == nil {
            habits.removeAll(keepingCapacity: true)
        }
        habits[thread] = (habit, now)
    }
}
