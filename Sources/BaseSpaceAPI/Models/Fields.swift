/// The fields of one JSON object, read as leniently as the service writes them: absent, `null` and empty mean the same,
/// ids are strings or numbers, and 0001-01-01 is no date.
struct Fields {
    /// A key as it stands in JSON.
    struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init(intValue: Int) { stringValue = String(intValue) }
        init(stringLiteral value: String) { stringValue = value }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Key.self)
    }

    /// The one field without which an entity can't be used.
    func id() throws -> EntityID {
        try container.decode(EntityID.self, forKey: "Id")
    }

    func text(_ key: Key) -> String? {
        let text = try? container.decodeIfPresent(String.self, forKey: key)
        return text?.isEmpty == false ? text : nil
    }

    func has(_ key: Key) -> Bool {
        container.contains(key)
    }

    func integer(_ key: Key) -> Int64? {
        if let number = try? container.decodeIfPresent(Int64.self, forKey: key) { return number }
        return text(key).flatMap { Int64($0) }
    }

    func boolean(_ key: Key) -> Bool? {
        try? container.decodeIfPresent(Bool.self, forKey: key)
    }

    func timestamp(_ key: Key) -> Timestamp? {
        guard let time = text(key).flatMap({ Timestamp(iso8601: $0) }), time != .none else { return nil }
        return time
    }

    func status(_ key: Key) -> SessionStatus? {
        text(key).map { SessionStatus(rawValue: $0) }
    }

    /// An object inside the object.
    func nested(_ key: Key) -> Fields? {
        (try? container.nestedContainer(keyedBy: Key.self, forKey: key)).map { Fields(container: $0) }
    }

    /// The keys that are there, in no order.
    var keys: [String] { container.allKeys.map(\.stringValue) }

    func array<Element: Decodable>(_ key: Key, of type: Element.Type = Element.self) throws -> [Element] {
        try container.decode([Element].self, forKey: key)
    }

    func contains(_ key: Key) -> Bool {
        container.contains(key)
    }

    func value<Value: Decodable>(_ key: Key, as type: Value.Type = Value.self) throws -> Value {
        try container.decode(Value.self, forKey: key)
    }

    private init(container: KeyedDecodingContainer<Key>) {
        self.container = container
    }
}
