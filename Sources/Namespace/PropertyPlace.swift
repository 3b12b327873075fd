internal import BaseSpaceAPI

/// `Properties/` of an entity, or a place in it.
///
/// ```
/// Properties/Input.Notes                 a string: a text file
/// Properties/Input.Labels/0, 1, …        string[]: a directory of text files
/// Properties/Input.Sample                a reference: a link
/// Properties/Output.Samples/0, 1, …      a list of references: a directory of links
/// Properties/BaseSpace.Metrics/<key>     a map: a directory of text files, a value a line
/// Properties/App.Rows/0/<key>, 1/…       a list of maps
/// ```
public struct PropertyPlace: Hashable, Sendable {
    /// Whose properties.
    public let owner: EntityKey
    /// The path below `Properties/`; empty for that itself. A property's name has no slash.
    public let path: String

    /// Names a place.
    public init(owner: EntityKey, path: String) {
        self.owner = owner
        self.path = path
    }

    /// The place of a name in this directory.
    public func appending(_ name: String) -> PropertyPlace {
        PropertyPlace(owner: owner, path: path.isEmpty ? name : path + "/" + name)
    }

    /// The path of the directory this place is in.
    var directory: String { components.dropLast().joined(separator: "/") }

    /// The last component of the path.
    public var name: String { components.last ?? "" }

    /// The components of the path: a property's name, and what is in it.
    public var components: [String] { path.split(separator: "/").map { String($0) } }

    /// How many directories below the root its entries stand.
    var depth: Int { owner.kind.depth + 1 + components.count }

    /// The source of its inode number.
    var key: String { "\(owner.kind.rawValue)/\(owner.id)/properties/\(path)" }

    /// Why nothing can be made here under this name, in a sentence; `nil` when the name is no reason.
    public var fault: String? {
        guard components.count > 1 else { return PropertyName.fault(in: name) }
        let legal = EntityNames.legal(name)
        // It would be at the service, and not to be found here under the name that it was given.
        if legal != name { return "a key with a dot at its start or a control character would be shown as '\(legal)'" }
        return isTemporary ? "that is what editors call copies, and they are not meant for the service" : nil
    }

    /// Whether it is what an editor calls something that it removes a moment later: the copy of a file that it writes, and the
    /// file by which vim finds out whether it could make one. Other programs, rsync too, put a dot at the start.
    private var isTemporary: Bool {
        name.hasSuffix("~") || name.hasPrefix("#") && name.hasSuffix("#") || name == "4913"
    }
}
