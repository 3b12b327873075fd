extension Property: Decodable {
    /// Reads the forms of v1 (SDK, live recordings) and of v2 (live recordings, Swagger).
    ///
    /// They differ in the key of the value: v1 has `Content` for one and `Items` for many, v2 puts the type in front of
    /// these, as in `RunItems`, and has `ContentMap` and `ItemsMap` for maps. A `map` of v1 may be in either of `Content`
    /// and `Items`.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        name = try fields.value("Name")
        description = fields.text("Description")
        href = fields.text("Href")
        modified = fields.timestamp("DateModified")
        totalCount = fields.integer("ItemsTotalCount").flatMap { Int(exactly: $0) }
        let type = fields.text("Type") ?? "string"
        var hidden = 0
        let known = Self.value(of: type, in: fields, hidden: &hidden)
        value = known ?? .unknown(type: type, json: Self.json(in: fields))
        hiddenCount = hidden
    }

    private static func value(of type: String, in fields: Fields, hidden: inout Int) -> PropertyValue? {
        switch type.lowercased() {
        case "string":
            return (try? fields.value("Content")).map { .text($0) }
        case "string[]":
            return list(in: fields, ["Items"], hidden: &hidden).map { .texts($0) }
        case "map":
            return read(["ContentMap", "Content", "Items"], in: fields).map { .map($0) }
        case "map[]":
            return list(in: fields, ["ItemsMap", "Items"], hidden: &hidden).map { .maps($0) }
        case let word where word.hasSuffix("[]"):
            guard let kind = EntityKind(word: String(word.dropLast(2))) else { return nil }
            let keys = keys(endingIn: "Items", in: fields)
            let list: [ReferenceContent]? = list(in: fields, keys, hidden: &hidden)
            return list.map { .references(kind, $0.map { $0.reference(kind) }) }
        case let word:
            guard let kind = EntityKind(word: word) else { return nil }
            let content: ReferenceContent? = read(keys(endingIn: "Content", in: fields), in: fields)
            return content.map { .reference($0.reference(kind)) }
        }
    }

    /// The first of these keys whose value can be read.
    private static func read<Value: Decodable>(_ keys: [String], in fields: Fields) -> Value? {
        for key in keys {
            if let value: Value = try? fields.value(Fields.Key(stringValue: key)) { return value }
        }
        return nil
    }

    /// The same for a list, which is empty when none of the keys is there: the service leaves out what is empty.
    ///
    /// - Parameter hidden: Is set to the number of elements that the service does not show.
    private static func list<Value: Decodable>(in fields: Fields, _ keys: [String], hidden: inout Int) -> [Value]? {
        let present = keys.filter { !isNull($0, in: fields) }
        guard !present.isEmpty else { return [] }
        let list: ShownElements<Value>? = read(present, in: fields)
        hidden = list?.hidden ?? 0
        return list?.elements
    }

    /// Whether there is nothing under a key.
    private static func isNull(_ key: String, in fields: Fields) -> Bool {
        (try? fields.value(Fields.Key(stringValue: key), as: Something?.self)) == nil
    }

    /// `Items`, then `RunItems` and the like; `HrefItems` is a link.
    private static func keys(endingIn suffix: String, in fields: Fields) -> [String] {
        fields.keys.filter { $0.hasSuffix(suffix) && !$0.hasPrefix("Href") }.sorted { $0.count < $1.count }
    }

    private static func json(in fields: Fields) -> String {
        let suffixes = ["Content", "Items", "ContentMap", "ItemsMap"]
        let present = suffixes.flatMap { keys(endingIn: $0, in: fields) }
        let value: JSONValue? = read(present, in: fields)
        return value?.text ?? "null"
    }
}

/// Anything but `null`.
private struct Something: Decodable {
    init(from decoder: any Decoder) throws {}
}

/// The elements of a list without the `null`s, which stand for what the service does not show, such as an entity that this
/// account may not see.
private struct ShownElements<Element: Decodable>: Decodable {
    let elements: [Element]
    /// How many others there are.
    let hidden: Int

    init(from decoder: any Decoder) throws {
        let all = try [Element?](from: decoder)
        elements = all.compactMap { $0 }
        hidden = all.count - elements.count
    }
}

extension PropertyMap: Decodable {
    /// Reads a list of `{"Key": …, "Values": […]}`.
    public init(from decoder: any Decoder) throws {
        entries = try ShownElements<Entry>(from: decoder).elements
    }
}

extension PropertyMap.Entry: Decodable {
    /// Reads an entry; a key without values has no `Values`.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        key = try fields.value("Key")
        let shown = fields.contains("Values") ? try fields.value("Values", as: ShownElements<String>?.self) : nil
        values = shown?.elements ?? []
    }
}

/// What refers to an entity: the entity in its compact form, or a link to it where the service doesn't show more, as may be
/// of what was removed. One entity that is gone must not make the others of a list unreadable.
struct ReferenceContent: Decodable, Sendable {
    private let id: EntityID
    private let name: String?

    init(from decoder: any Decoder) throws {
        if let link = try? decoder.singleValueContainer().decode(String.self) {
            id = Self.id(in: link)
            name = nil
        } else {
            let fields = try Fields(decoder)
            id = fields.contains("Id") ? try fields.id() : Self.id(in: try fields.value("Href"))
            name = fields.text("Name") ?? fields.text("BioSampleName")
        }
    }

    func reference(_ kind: EntityKind) -> EntityReference {
        EntityReference(kind, id, name: name)
    }

    private static func id(in link: String) -> EntityID {
        EntityID(String(link.split(separator: "/").last ?? ""))
    }
}

/// An entity that a property refers to; `nil` when the service doesn't show it (any more).
struct ReferredEntity<Entity: Decodable & Sendable>: Decodable, Sendable {
    let entity: Entity?

    init(from decoder: any Decoder) throws {
        entity = try? Entity(from: decoder)
    }
}

/// One of a property's values, as `/properties/{name}/items` lists them: `{"Id": …, "Content": …}` (SDK). v2 may call the
/// content otherwise, as it does in the property. There is none where the service does not show it.
struct PropertyItem<Content: Decodable & Sendable>: Decodable, Sendable {
    /// The service's name of the value within its property; not always sent.
    let id: EntityID?
    let content: Content?

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try? fields.id()
        let keys = fields.keys.filter { $0.hasSuffix("Content") || $0 == "ContentMap" }.sorted { $0.count < $1.count }
        content = try fields.value(Fields.Key(stringValue: keys.first ?? "Content"), as: Content?.self)
    }
}
