internal import BaseSpaceAPI
internal import OrderedCollections

/// Makes files, directories and links of properties; ``PropertyPlace`` shows what becomes what.
enum PropertyTree {
    static func listing(of properties: [Property]) -> Listing {
        var directories: [String: Listing.Directory] = ["": [:]]
        for property in properties {
            add(property.value, named: EntityNames.legal(property.name), in: "", to: &directories)
        }
        return Listing(directories: directories)
    }

    /// A text as a file has it: it ends with a newline.
    static func bytes(_ text: String) -> [UInt8] {
        Array((text.hasSuffix("\n") || text.isEmpty ? text : text + "\n").utf8)
    }

    private static func add(
        _ value: PropertyValue,
        named name: String,
        in directory: String,
        to directories: inout [String: Listing.Directory]
    ) {
        let path = directory.isEmpty ? name : directory + "/" + name
        switch value {
        case .text(let text), .unknown(_, let text):
            directories[directory, default: [:]][name] = .text(bytes(text))
        case .reference(let reference):
            directories[directory, default: [:]][name] = .reference(EntityKey(kind: reference.kind, id: reference.id))
        case .texts(let texts):
            addList(texts.map { .text($0) }, at: path, to: &directories)
        case .references(_, let references):
            addList(references.map { .reference($0) }, at: path, to: &directories)
        case .maps(let maps):
            addList(maps.map { .map($0) }, at: path, to: &directories)
        case .map(let map):
            directories[path] = [:]
            for entry in map.entries {
                let text = PropertyValue.text(entry.values.joined(separator: "\n"))
                add(text, named: EntityNames.legal(entry.key), in: path, to: &directories)
            }
        }
        if directories[path] != nil {
            directories[directory, default: [:]][name] = .directory
        }
    }

    private static func addList(
        _ values: [PropertyValue],
        at path: String,
        to directories: inout [String: Listing.Directory]
    ) {
        directories[path] = [:]
        for (index, value) in values.enumerated() {
            add(value, named: String(index), in: path, to: &directories)
        }
    }
}
