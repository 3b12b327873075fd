import FoundationEssentials

/// What a command finds out: for people as text, for scripts as JSON whose keys are the names of its properties. The
/// manual lists them; they stay.
protocol Report: Encodable {
    /// For people.
    var text: String { get }
}

extension Report {
    /// For scripts: one object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Writes one of the two to standard output.
    func print(asJSON: Bool) throws {
        Swift.print(asJSON ? try json() : text)
    }
}
