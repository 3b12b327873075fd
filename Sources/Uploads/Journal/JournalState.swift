/// Where a staged file stands between its writer and the service.
///
/// ```
///             commit            the service has it
///   writing ─────────▶ sealed ──────────────────────▶ arrived ──▶ (removed with the local copy)
///    │  ▲                │ ▲ next attempt
///    │  └── next write ──┤ │
///    │                   ▼ │
///    └─▶ spoiled       failed
/// ```
public enum JournalState: Hashable, Sendable {
    /// Not committed since it was last written.
    case writing
    /// Committed: to be uploaded, when the policy says.
    case sealed
    /// The last upload failed; why, in a line.
    case failed(String)
    /// A write failed, its writer was killed, or the machine went down too early: never uploaded by itself.
    case spoiled(errno: CInt)
    /// The service has all of it. Only until the local copy goes.
    case arrived
    /// To go, once the upload that is open at the service was aborted. Its staged file may be gone already.
    case discarded
}

/// What another process asks the mount for that holds a file.
public enum JournalRequest: Hashable, Sendable {
    /// Seal the file, and upload it now.
    case retry(serial: String)
    /// Delete the file without uploading it.
    case discard(serial: String)
    /// A mount has ended and left files behind: `Journal.adopt()` would find some.
    case orphaned
}
