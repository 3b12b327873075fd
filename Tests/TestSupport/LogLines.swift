public import Logging
import Synchronization

/// Keeps what is logged, at all levels.
public final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.state.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }

    private let state = Mutex<[String]>([])

    /// Nothing has been logged yet.
    public init() {}

    /// What to log to.
    public var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    /// All lines.
    public var text: String { state.withLock { $0.joined(separator: "\n") } }
}
