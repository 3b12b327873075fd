import Foundation

/// The tables of basespacefs-tree(7).
struct TreePage {
    /// A line of a table.
    struct Row: CustomStringConvertible {
        /// The title above the table: a path with placeholders, or words.
        let place: String
        /// The name below that, without the mark of its kind.
        let name: String
        let kind: Kind
        /// Whether no listing shows it.
        let isHidden: Bool
        let age: String
        /// The calls of the API that a first look makes.
        let calls: [String]

        var description: String { "\(place): \(name)" }
    }

    enum Kind: String {
        case directory = "/"
        case link = "@"
        case file = ""

        /// As `find -printf %y` tells it.
        var letter: String {
            switch self {
            case .directory: "d"
            case .link: "l"
            case .file: "f"
            }
        }
    }

    let rows: [Row]

    init() throws {
        let root = (0..<5).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
        let text = try String(contentsOf: root.appending(path: "man/basespacefs-tree.7"), encoding: .utf8)
            .replacing("\nT}", with: "").replacing("T{\n", with: "")
            .replacing("\\:", with: "").replacing("\\&", with: "").replacing("\\-", with: "-")
        var rows: [Row] = []
        var (place, isHidden) = ("", false)
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix(".Ss ") {
                (place, isHidden) = (String(line.dropFirst(4)), false)
            } else if line.hasPrefix("By name only") {
                isHidden = true
            } else if cells.count == 4, cells[0] != "Name" {
                let kind = cells[0].last.flatMap { Kind(rawValue: String($0)) } ?? .file
                rows.append(
                    Row(
                        place: place,
                        name: String(cells[0].dropLast(kind.rawValue.count)),
                        kind: kind,
                        isHidden: isHidden,
                        age: cells[2],
                        calls: cells[3] == "-" ? [] : cells[3].split(separator: ", ").map(String.init)
                    )
                )
            }
        }
        self.rows = rows
    }
}
