/// The requests that wait for their answer, by a number that is never used again, and how each is given up.
///
/// A request is *registered* before its work starts, because the kernel may interrupt it at any time from then on. The
/// interrupt and the answer race; whichever removes or marks the entry first wins, and the other finds nothing to do:
///
///     register ──began──▶ running ──finish──▶ gone
///         │                  │
///     interrupt          interrupt: the work is handed out to be cancelled
///         ▼                  ▼
///     interrupted ──────▶ interrupted ──finish──▶ gone
///         began: the work is handed back to be cancelled
///
/// libfuse may call its interrupt function after the request was answered and freed, with the data given to it at
/// registration. That data is the number, so it can't dangle: a late interrupt names an entry that is gone.
struct InterruptTable<Work> {
    /// Stands for a request; never 0, since it travels as a pointer.
    typealias Key = UInt

    private enum Entry {
        case registered
        case running(Work)
        case interrupted
    }

    private var entries: [Key: Entry] = [:]
    private var lastKey: Key = 0

    /// Requests that have not been answered.
    var count: Int { entries.count }

    /// Makes an entry for a request whose work is about to start.
    mutating func register() -> Key {
        lastKey += 1
        entries[lastKey] = .registered
        return lastKey
    }

    /// Notes how to cancel the request's work. Returns the work when an interrupt came before: cancel it now.
    mutating func began(_ key: Key, _ work: Work) -> Work? {
        switch entries[key] {
        case .registered:
            entries[key] = .running(work)
            return nil
        case .interrupted:
            return work
        case .running, nil:
            return nil
        }
    }

    /// The kernel wants the request given up. Returns the work to cancel, once.
    mutating func interrupt(_ key: Key) -> Work? {
        switch entries[key] {
        case .registered:
            entries[key] = .interrupted
            return nil
        case .running(let work):
            entries[key] = .interrupted
            return work
        case .interrupted, nil:
            return nil
        }
    }

    /// Interrupts every request and returns the work to cancel.
    mutating func interruptAll() -> [Work] {
        entries.keys.compactMap { interrupt($0) }
    }

    /// Removes the request's entry; true for the one caller that is to answer it.
    mutating func finish(_ key: Key) -> Bool {
        entries.removeValue(forKey: key) != nil
    }
}
