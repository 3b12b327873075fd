import HTTPTypes

/// Reads properties as clients post them: `{"Properties":[{Type,Name,Description,Content|Items|ContentMap|ItemsMap}]}`.
///
/// The rules and the codes of their violations are those that the tests of Illumina's C# SDK know. References are
/// resolved by the caller.
struct PropertyPayload {
    let properties: [Property]

    private static let nameLimit = 64

    init(_ body: JSON?, now: ServiceDate) throws(APIError) {
        guard case .array(let elements)? = body?["Properties"] else {
            throw APIError(.badRequest, "The body is {\"Properties\":[…]}")
        }
        var names: Set<String> = []
        var properties: [Property] = []
        for element in elements {
            let property = try Self.property(element, now: now)
            guard names.insert(property.name).inserted else {
                throw Self.error("DUPLICATE_NAMES", "The property \(property.name) is there twice")
            }
            properties.append(property)
        }
        self.properties = properties
    }

    private static func error(_ code: String, _ message: String) -> APIError {
        APIError(.badRequest, message, code: "BASESPACE.PROPERTIES.\(code)")
    }

    private static func property(_ json: JSON, now: ServiceDate) throws(APIError) -> Property {
        let name = json["Name"]?.text ?? ""
        try check(name: name)
        let type = json["Type"]?.text ?? "string"
        let isList = type.hasSuffix("[]")
        guard let kind = Property.Kind(name: isList ? String(type.dropLast(2)) : type) else {
            throw error("TYPE_INVALID", "\(type) is no type of a property")
        }
        var contents: [Property.Content] = []
        for value in try values(json, kind: kind, isList: isList, name: name) {
            contents.append(try content(value, kind: kind, name: name))
        }
        if case .reference = kind {
            // References are a set; strings may repeat.
            var seen: Set<Property.Content> = []
            contents = contents.filter { seen.insert($0).inserted }
        }
        return Property(
            name: name,
            description: json["Description"]?.text ?? "",
            kind: kind,
            isList: isList,
            items: contents.map { Property.Item(id: 0, content: $0) },
            modified: now
        )
    }

    private static func check(name: String) throws(APIError) {
        // What is too short is not public; a name needs two parts and a dot, so three characters.
        guard (3...nameLimit).contains(name.count) else {
            throw error("NAME_LENGTH", "The name of a property has 3 to \(nameLimit) characters, not \(name.count)")
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isValid =
            parts.count >= 2
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
            } && (name.utf8.first?.isLetterOrDigit ?? false)
        guard isValid else {
            throw error("NAME_INVALID", "\(name) is no name of a property: it has two or more parts with dots between")
        }
    }

    /// The values as they came, one unless it is a list.
    private static func values(
        _ json: JSON,
        kind: Property.Kind,
        isList: Bool,
        name: String
    ) throws(APIError) -> [JSON] {
        let isMap = kind == .map
        let value = (isMap ? json[isList ? "ItemsMap" : "ContentMap"] : nil) ?? json[isList ? "Items" : "Content"]
        guard let value else {
            throw APIError(.badRequest, "The property \(name) has no \(isList ? "Items" : "Content")")
        }
        return isList ? value.elements : [value]
    }

    private static func content(
        _ value: JSON,
        kind: Property.Kind,
        name: String
    ) throws(APIError) -> Property.Content {
        switch kind {
        case .string:
            guard let text = value.text else { throw APIError(.badRequest, "The property \(name) takes strings") }
            return .text(text)
        case .reference(let kind):
            guard let reference = value.text.flatMap({ EntityID(href: $0) }), reference.kind == kind else {
                throw error("CONTENT_REFERENCE_INVALID", "\(value.text ?? "") is no link to a \(kind.word)")
            }
            return .reference(reference)
        case .map:
            var entries: [Property.MapEntry] = []
            for element in value.elements {
                guard let key = element["Key"]?.text, !key.isEmpty else {
                    throw error("CONTENT_MAP_KEY_INVALID", "A key of the map \(name) is missing or empty")
                }
                guard !entries.contains(where: { $0.key == key }) else {
                    throw error("CONTENT_MAP_DUPES", "The map \(name) has the key \(key) twice")
                }
                entries.append(
                    Property.MapEntry(key: key, values: element["Values"]?.elements.compactMap(\.text) ?? [])
                )
            }
            return .map(entries)
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
