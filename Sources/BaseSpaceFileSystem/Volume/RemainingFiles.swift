/// The files that a mount could not bring to the service by its end, a line for each: why, and where it is kept.
public struct RemainingFiles: Sendable, Equatable {
    /// Those that were written in this mount.
    public var own: [String] = []
    /// Those that are as an earlier mount left them: no fault of those who used this one.
    public var inherited: [String] = []
}
