extension PropertyValue {
    /// The body of the call that sets it. (SDK)
    ///
    /// - Returns: `nil` for a value of an unknown type, which can't be written.
    func body(name: String, description: String?) -> JSONObject? {
        object(name: name, description: description).map { property in
            var body = JSONObject([:])
            body.add("Properties", .objects([property]))
            return body
        }
    }

    /// The property in that body.
    func object(name: String, description: String?) -> JSONObject? {
        var property = JSONObject(["Type": type, "Name": name, "Description": description])
        switch self {
        case .text(let text):
            property.add("Content", .text(text))
        case .texts(let texts):
            property.add("Items", .texts(texts))
        case .reference(let reference):
            property.add("Content", .text(reference.kind.href(reference.id)))
        case .references(let kind, let references):
            property.add("Items", .texts(references.map { kind.href($0.id) }))
        case .map(let map):
            property.add("ContentMap", .objects(map.objects))
        case .maps(let maps):
            property.add("ItemsMap", .lists(maps.map(\.objects)))
        case .unknown:
            return nil
        }
        return property
    }

    /// What is wrong with a value, in a sentence; `nil` when nothing is that can be known here.
    var fault: String? {
        switch self {
        case .text, .texts, .reference: nil
        case .references(let kind, let references):
            references.allSatisfy { $0.kind == kind } ? nil : "all that a property of type \(type) names is of one kind"
        case .map(let map): map.fault
        case .maps(let maps): maps.lazy.compactMap(\.fault).first
        case .unknown(let type, _): "properties of type \(type) can be read but not written"
        }
    }
}

extension PropertyMap {
    var objects: [JSONObject] {
        entries.map { entry in
            var object = JSONObject(["Key": entry.key])
            object.add("Values", .texts(entry.values))
            return object
        }
    }

    var fault: String? {
        if entries.contains(where: \.key.isEmpty) { return "a key of a map must not be empty" }
        var seen: Set<String> = []
        let twice = entries.first { !seen.insert($0.key).inserted }
        return twice.map { "the key '\($0.key)' is in the map twice" }
    }
}
