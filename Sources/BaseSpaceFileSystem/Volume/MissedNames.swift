internal import Namespace

/// Names that the kernel was told do not exist, for as long as it may remember that: it can only be told to forget such a
/// name by the name.
struct MissedNames: Sendable {
    /// How long the kernel remembers one.
    let lifetime: Duration
    /// Names in a generation. A program that looks for more in one directory sees the last ones late.
    private static let capacity = 4096

    private var recent: [InodeNumber: Set<String>] = [:]
    private var older: [InodeNumber: Set<String>] = [:]
    private var count = 0
    private var begun: ContinuousClock.Instant?

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// Notes that a name was not found.
    mutating func insert(_ name: String, in directory: InodeNumber, at now: ContinuousClock.Instant) {
        // What is in neither of two generations of this length is forgotten by the kernel too.
        if count >= Self.capacity || begun.map({ $0 + lifetime <= now }) ?? true {
            (older, recent, count, begun) = (recent, [:], 0, now)
        }
        if recent[directory, default: []].insert(name).inserted {
            count += 1
        }
    }

    /// The names that were not found in a directory lately.
    func names(in directory: InodeNumber) -> Set<String> {
        (recent[directory] ?? []).union(older[directory] ?? [])
    }
}
