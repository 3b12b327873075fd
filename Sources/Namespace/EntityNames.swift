public import BaseSpaceAPI

/// How the names of BaseSpace become names of files: the one place with its rules.
///
/// The service allows any text in a name and any number of entities with the same name; a directory allows neither.
///
/// 1. `/`, NUL and the other control characters become `_`.
/// 2. A leading `.` gets `_` in front, since dot names are the mount's own (and `.` and `..` the kernel's).
/// 3. An empty name becomes `_`.
/// 4. What is longer than 255 bytes of UTF-8, the kernel's limit, is cut at a character.
/// 5. Of several entities that would share a name, the one that was made first keeps it (of several of one second, or where
///    the service does not say when, the one with the lowest id), and every other one gets ` (<id>)`, or ` (<id>.2)` where
///    another entity is called just that. So a new entity never renames one that is there.
public enum EntityNames {
    /// The kernel's NAME_MAX, in bytes.
    public static let maximumLength = 255

    /// A legal name for one entity by rules 1 to 4, its neighbours not considered.
    public static func legal(_ name: String) -> String {
        if isPlain(name) { return name }
        var legal = String(String.UnicodeScalarView(name.unicodeScalars.map { isAllowed($0) ? $0 : "_" }))
        if legal.isEmpty || legal.utf8.first == UInt8(ascii: ".") {
            legal = "_" + legal
        }
        return truncated(legal, to: maximumLength)
    }

    /// Unique, legal names for the entities of one directory, in the order given.
    ///
    /// - Parameter entities: id and name of each, and when it was made; an id occurs once.
    public static func unique(_ entities: [(id: EntityID, name: String, created: Timestamp?)]) -> [String] {
        var taken: Set<String> = []
        taken.reserveCapacity(entities.count)
        var names = [String](repeating: "", count: entities.count)
        for index in entities.indices.sorted(by: { isOlder(entities[$0], entities[$1]) }) {
            let name = free(legal(entities[index].name), id: entities[index].id) { taken.contains($0) }
            taken.insert(name)
            names[index] = name
        }
        return names
    }

    private static func isOlder(
        _ one: (id: EntityID, name: String, created: Timestamp?),
        _ other: (id: EntityID, name: String, created: Timestamp?)
    ) -> Bool {
        switch (one.created, other.created) {
        case (let first?, let second?) where first != second: first < second
        case (_?, nil): true
        case (nil, _?): false
        default: one.id < other.id
        }
    }

    /// `name`, or if it is taken `name (<id>)`, or if somebody has that name already `name (<id>.2)` and so on.
    static func free(_ name: String, id: EntityID, isTaken: (String) -> Bool) -> String {
        guard isTaken(name) else { return name }
        // No id that was ever seen is half as long as this.
        let id = truncated(legal(id.rawValue), to: 80)
        var suffix = " (\(id))"
        for round in 2... {
            let candidate = truncated(name, to: maximumLength - suffix.utf8.count) + suffix
            guard isTaken(candidate) else { return candidate }
            suffix = " (\(id).\(round))"
        }
        return name
    }

    /// Whether a name is legal at the first look at its bytes, as nearly all are.
    static func isPlain(_ name: String) -> Bool {
        let bytes = name.utf8.span
        guard !bytes.isEmpty, bytes[0] != UInt8(ascii: "."), bytes.count <= maximumLength else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            guard (0x20..<0x7f).contains(byte), byte != UInt8(ascii: "/") else { return false }
        }
        return true
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "/" && scalar.properties.generalCategory != .control
    }

    /// `name` without the characters that lie past `limit` bytes.
    private static func truncated(_ name: String, to limit: Int) -> String {
        guard name.utf8.count > limit else { return name }
        var kept = ""
        var count = 0
        for character in name {
            count += character.utf8.count
            guard count <= limit else { break }
            kept.append(character)
        }
        return kept.isEmpty ? cut(name, to: limit) : kept
    }

    /// The same for a name that begins with one character of more bytes than that, a letter under hundreds of accents: no name
    /// must become none.
    private static func cut(_ name: String, to limit: Int) -> String {
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in name.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= limit else { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
