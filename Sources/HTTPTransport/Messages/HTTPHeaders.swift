/// Header fields in the order in which they were added, found by name in any case.
///
/// Descriptions show the values of harmless fields only, since others carry tokens (`x-access-token`) or signed URLs
/// (`Location`).
public struct HTTPHeaders: Sendable, Equatable {
    /// A field.
    public struct Field: Sendable, Equatable {
        /// The name as it was given.
        public var name: String
        /// The value, without white space around it.
        public var value: String
    }

    private var fields: [Field] = []

    /// No fields.
    public init() {}

    /// The first field of that name. Setting replaces all fields of that name, `nil` removes them.
    public subscript(name: String) -> String? {
        get {
            fields.first { $0.name.isEqualIgnoringCase(to: name) }?.value
        }
        set {
            fields.removeAll { $0.name.isEqualIgnoringCase(to: name) }
            if let newValue {
                add(name, newValue)
            }
        }
    }

    /// Adds a field after those that are there, also when there is one of that name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Fields whose values may be shown to anybody.
    private static let harmless: Set<String> = [
        "accept-ranges", "content-length", "content-md5", "content-range", "content-type", "date", "etag", "if-match",
        "last-modified", "range", "retry-after", "server", "user-agent", "x-amz-request-id", "x-request-id",
    ]

    /// Why these fields can't be sent; `nil` when they can. A line break in a value would end the field and start
    /// another one, chosen by whoever supplied the value.
    var fault: String? {
        for field in fields {
            let isToken = field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            guard !field.name.isEmpty, isToken else {
                return "a header name is empty or contains a character that is not allowed there"
            }
            guard field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return "the value of the header \(field.name) contains a line break or another control character"
            }
        }
        return nil
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// The fields in the order of the literal.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements {
            add(name, value)
        }
    }
}

extension HTTPHeaders: Sequence {
    /// Names and values in the order in which they were added.
    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
        fields.lazy.map { (name: $0.name, value: $0.value) }.makeIterator()
    }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names, and the values of harmless fields.
    public var description: String {
        let shown = fields.map { field in
            Self.harmless.contains(field.name.lowercased()) ? "\(field.name): \(field.value)" : "\(field.name): …"
        }
        return "[\(shown.joined(separator: ", "))]"
    }

    /// Names, and the values of harmless fields.
    public var debugDescription: String { description }

    /// Nothing: `dump` would show the values.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension String {
    /// Whether both are equal when ASCII letters count as equal in either case.
    func isEqualIgnoringCase(to other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { left, right in left.asciiLowercased == right.asciiLowercased }
    }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}
