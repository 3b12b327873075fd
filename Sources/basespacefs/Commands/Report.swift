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

extension String {
    /// With blanks in front, so that numbers stand below each other.
    func padded(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    /// With blanks behind, so that what follows stands below each other.
    func filled(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
