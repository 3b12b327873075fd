import Glibc
import Logging

/// Writes each event as one line: time, level, room, message, metadata.
///
///     2026-03-01T09:30:00.125Z info [HTTPTransport] connection lost host=api.example attempt=2
///
/// Secrets stay out because the types that hold them, tokens and signed URLs, describe themselves without.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    private let room: String
    private let write: @Sendable (String) -> Void
    private let now: @Sendable () -> timespec

    /// A handler for one logger; its label is the room's name.
    init(
        label: String,
        level: Logger.Level,
        now: @escaping @Sendable () -> timespec = LineLogHandler.systemTime,
        write: @escaping @Sendable (String) -> Void
    ) {
        room = label
        logLevel = level
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() {
            all.merge(provided) { $1 }
        }
        if let own = event.metadata {
            all.merge(own) { $1 }
        }
        var line = "\(Self.text(of: now())) \(event.level) [\(room)] \(Self.singleLine("\(event.message)"))"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Self.quoted("\(value)"))"
        }
        write(line)
    }

    /// The wall clock.
    static let systemTime: @Sendable () -> timespec = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    /// UTC with milliseconds, in ISO 8601.
    private static func text(of time: timespec) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(Int(parts.tm_year) + 1900)-\(padded(Int(parts.tm_mon) + 1))-\(padded(Int(parts.tm_mday)))"
        let clock = "\(padded(Int(parts.tm_hour))):\(padded(Int(parts.tm_min))):\(padded(Int(parts.tm_sec)))"
        return "\(date)T\(clock).\(padded(time.tv_nsec / 1_000_000, 3))Z"
    }

    /// Names come from the service and may contain anything; a line break must not start a line that looks like ours.
    private static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            line += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }

    private static func quoted(_ text: String) -> String {
        let line = singleLine(text)
        guard line.isEmpty || line.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return line }
        return "\"" + line.replacing("\"", with: "\\\"") + "\""
    }
}
