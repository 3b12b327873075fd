internal import FoundationEssentials

/// The few fields that calls send, in order; fields without a value are left out.
struct JSONObject: Encodable {
    enum Value: Encodable {
        case text(String)
        case boolean(Bool)
        case texts([String])
        case objects([JSONObject])
        case lists([[JSONObject]])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .boolean(let value): try container.encode(value)
            case .texts(let texts): try container.encode(texts)
            case .lists(let lists): try container.encode(lists)
            case .objects(let objects): try container.encode(objects)
            }
        }
    }

    private var fields: [(Fields.Key, Value)] = []

    init(_ fields: KeyValuePairs<String, String?>) {
        for (name, value) in fields {
            if let value {
                self.fields.append((Fields.Key(stringValue: name), .text(value)))
            }
        }
    }

    mutating func add(_ name: String, _ value: Value) {
        fields.append((Fields.Key(stringValue: name), value))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Fields.Key.self)
        for (key, value) in fields {
            try container.encode(value, forKey: key)
        }
    }

    /// Encoded. Strings and what is made of them always can be.
    var bytes: [UInt8] {
        guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("strings are always encodable") }
        return Array(data)
    }
}
