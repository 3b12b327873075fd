/// Tells on standard error how far a daemon is that finishes its uploads: a line each time that what is left changes.
struct EndReport {
    private let record: MountRecord.Reader
    private let advice: (MountRecord.Content) -> String
    private var shown: String?

    /// Follows a daemon's note.
    ///
    /// - Parameter advice: what somebody can do who does not want to wait; it stands in the first line.
    init(_ record: MountRecord.Reader, advice: @escaping (MountRecord.Content) -> String) {
        self.record = record
        self.advice = advice
    }

    /// Looks, and tells what is new.
    mutating func update() {
        let content = record.content
        guard let progress = content.progress, progress != shown else { return }
        StandardError.print("basespacefs: \(progress)\(shown == nil ? " (\(advice(content)))" : "")")
        shown = progress
    }

    /// Why the daemon did not end well; `nil` when it did, or has not ended.
    var failure: String? { record.content.failure }

    /// What there is to know beside that.
    var note: String? { record.content.note }
}
