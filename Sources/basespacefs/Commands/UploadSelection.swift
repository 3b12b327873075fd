import BaseSpaceAPI
import Uploads

/// The staged files, found by what people call them.
struct UploadSelection {
    let entries: [JournalEntry]

    /// Letters of an id that are shown, and more only where they don't tell it from others.
    private static let idLength = 8

    /// The start of the serial that no other one has.
    func id(of entry: JournalEntry) -> String {
        let serial = entry.serial
        var length = min(Self.idLength, serial.count)
        while length < serial.count, entries.filter({ $0.serial.hasPrefix(serial.prefix(length)) }).count > 1 {
            length += 1
        }
        return String(serial.prefix(length))
    }

    /// The files that are named, each once.
    func named(_ operands: [String]) throws(CommandFailure) -> [JournalEntry] {
        var found: [JournalEntry] = []
        for operand in operands {
            let entry = try named(operand)
            if !found.contains(where: { $0.serial == entry.serial }) { found.append(entry) }
        }
        return found
    }

    /// The file with an id that starts like this, or at this place.
    private func named(_ operand: String) throws(CommandFailure) -> JournalEntry {
        var matches = entries.filter { !operand.isEmpty && $0.serial.hasPrefix(operand) }
        if matches.isEmpty {
            matches = entries.filter { $0.isAt(operand) }
        }
        guard let match = matches.first else {
            throw CommandFailure("no staged file has the id or the path '\(operand)' (see: basespacefs uploads list)")
        }
        guard matches.count == 1 else {
            let all = matches.map { "\(id(of: $0)) (\($0.place))" }.joined(separator: ", ")
            throw CommandFailure("'\(operand)' may be any of \(all): say the whole id")
        }
        return match
    }
}

extension JournalEntry {
    /// `AppResult 17: out/a.bam`; of an orphan its name.
    var place: String { container.map { "\($0): \(path)" } ?? path }

    /// Whether it goes to `17:out/a.bam` or `AppResult 17: out/a.bam`.
    func isAt(_ text: String) -> Bool {
        guard let container, let colon = text.firstIndex(of: ":") else { return false }
        let name = text[..<colon]
        let path = text[text.index(after: colon)...].drop { $0 == " " || $0 == "/" }
        return path == self.path && (name == container.description || name == container.id.rawValue)
    }
}
