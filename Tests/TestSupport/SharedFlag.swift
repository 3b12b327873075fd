import Synchronization

/// A flag that one thread sets and others look at.
public final class SharedFlag: Sendable {
    private let flag = Atomic(false)

    /// Not set yet.
    public init() {}

    /// Whether it is set.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets it for good.
    public func set() { flag.store(true, ordering: .releasing) }
}
