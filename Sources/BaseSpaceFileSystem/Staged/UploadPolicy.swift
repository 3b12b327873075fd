/// When a file that was committed goes to the service, and who waits for it.
public enum UploadPolicy: String, Sendable, CaseIterable {
    /// The program that closes it waits, and gets the error.
    case close
    /// At once, but nobody waits until `Status` is set, the directory is synced or the mount ends.
    case background
    /// When `Status` is set to complete: until then files are local ones, and can be renamed, replaced and removed.
    case complete

    /// Whether parts are sent while a file is still being written.
    var streams: Bool { self != .complete }
}
