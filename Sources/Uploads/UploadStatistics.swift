/// What an engine has done since it was made, in numbers that only grow.
public struct UploadStatistics: Sendable, Equatable {
    /// Bytes that the service acknowledged, those that were sent again included.
    public var sentBytes: UInt64 = 0
    /// Files that arrived.
    public var done: UInt64 = 0
    /// Uploads that failed; one that is tried again and fails counts again.
    public var failed: UInt64 = 0
    /// Uploads that were stopped because their files were removed, renamed or spoiled.
    public var cancelled: UInt64 = 0

    /// Nothing yet.
    public init() {}
}
