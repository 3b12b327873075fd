public import BaseSpaceAPI

/// One file on its way, as a status display shows it.
public struct UploadActivity: Hashable, Sendable {
    /// Where it goes.
    public let destination: UploadDestination
    /// When the upload began.
    public let started: Timestamp
    /// The file's size when it was last looked at.
    public internal(set) var bytesTotal: Int64
    /// What the server acknowledged; parts count when they are complete. Falls when something is sent again.
    public internal(set) var bytesSent: Int64
    /// Tells it from all other uploads of the engine.
    public internal(set) var number: UInt64 = 0
    /// Whether `bytesSent` is of this attempt.
    var hasReported = false
}
