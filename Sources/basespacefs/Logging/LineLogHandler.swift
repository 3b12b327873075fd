import BaseSpaceAPI
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
    private let now: @Sendable () -> Timestamp

    /// A handler for one logger; its label is the room's name.
    init(
        label: String,
        level: Logger.Level,
        now: @escaping @Sendable () -> Timestamp = { .now },
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

    /// UTC with milliseconds, in ISO 8601.
    private static func text(of time: Timestamp) -> String {
        let milliseconds = String(time.nanoseconds / 1_000_000)
        let padding = String(repeating: "0", count: 3 - milliseconds.count)
        return "\(Timestamp(seconds: time.seconds))".dropLast() + ".\(padding)\(milliseconds)Z"
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
