internal import BaseSpaceAPI
internal import OrderedCollections

/// Makes files, directories and links of properties; ``PropertyPlace`` shows what becomes what.
struct PropertyTree {
    private var directories: [String: Listing.Directory] = ["": [:]]

    /// The directories of an entity's properties.
    ///
    /// - Parameter numbers: The numbers of a list's elements, by the name of the property.
    static func listing(of properties: [Property], numbers: (String) -> ElementNumbers = { _ in .init() }) -> Listing {
        var tree = PropertyTree()
        for property in properties {
            let name = EntityNames.legal(property.name)
            tree.add(property.value, named: name, in: "", numbers: numbers(name))
        }
        return Listing(directories: tree.directories)
    }

    /// A text as a file has it: it ends with a newline.
    static func bytes(_ text: String) -> [UInt8] {
        Array((text.hasSuffix("\n") || text.isEmpty ? text : text + "\n").utf8)
    }

    private mutating func add(
        _ value: PropertyValue,
        named name: String,
        in directory: String,
        numbers: ElementNumbers = ElementNumbers()
    ) {
        let path = directory.isEmpty ? name : directory + "/" + name
        switch value {
        case .text(let text), .unknown(_, let text):
            directories[directory, default: [:]][name] = .text(Self.bytes(text))
        case .reference(let reference):
            directories[directory, default: [:]][name] = .reference(EntityKey(kind: reference.kind, id: reference.id))
        case .texts(let texts): addList(texts.map { .text($0) }, at: path, numbers)
        case .references(_, let references): addList(references.map { .reference($0) }, at: path, numbers)
        case .maps(let maps): addList(maps.map { .map($0) }, at: path, numbers)
        case .map(let map):
            directories[path] = [:]
            for entry in map.entries {
                let text = PropertyValue.text(entry.values.joined(separator: "\n"))
                add(text, named: EntityNames.legal(entry.key), in: path)
            }
        }
        if directories[path] != nil {
            directories[directory, default: [:]][name] = .directory
        }
    }

    private mutating func addList(_ values: [PropertyValue], at path: String, _ numbers: ElementNumbers) {
        directories[path] = [:]
        for (number, value) in zip(numbers.all(count: values.count), values) {
            add(value, named: String(number), in: path)
        }
    }
}
