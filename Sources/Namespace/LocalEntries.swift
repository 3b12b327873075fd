internal import BaseSpaceAPI

/// What stands in a container's `Files/` only here: files being written, directories without files, and uploads that
/// no listing has shown yet. It lies over the service's listing and wins against it.
struct LocalEntries: Sendable {
    /// What a name stands for.
    enum Child: Sendable {
        case staged(InodeNumber)
        case directory
        /// An upload that finished at a moment; a listing whose fetch began later has it.
        case uploaded(FileRecord, at: ContinuousClock.Instant)
    }

    /// Children by the directory's path and their name.
    private(set) var directories: [String: [String: Child]] = [:]

    subscript(path: String) -> Child? {
        get {
            let (directory, name) = split(path)
            return directories[directory]?[name]
        }
        set {
            let (directory, name) = split(path)
            directories[directory, default: [:]][name] = newValue
            if directories[directory]?.isEmpty == true {
                directories[directory] = nil
            }
        }
    }

    /// The upload that made a file.
    func upload(_ id: EntityID) -> FileRecord? {
        for child in directories.values.lazy.flatMap(\.values) {
            if case .uploaded(let record, _) = child, record.id == id { return record }
        }
        return nil
    }

    /// Forgets the uploads that a listing fetched since `start` has.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    mutating func dropUploads(before start: ContinuousClock.Instant) -> Bool {
        var hasDropped = false
        for (directory, children) in directories {
            let kept = children.filter { _, child in
                if case .uploaded(_, let at) = child { at >= start } else { true }
            }
            guard kept.count < children.count else { continue }
            hasDropped = true
            directories[directory] = kept.isEmpty ? nil : kept
        }
        return hasDropped
    }

    private func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }
}
