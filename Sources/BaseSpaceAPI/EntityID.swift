/// The service's name of a thing: opaque, though most are decimal numbers (which outgrew 32 bits).
///
/// Decimal ids come first and in the order of their numbers, which is the order of creation; others follow by text.
public struct EntityID: Hashable, Sendable {
    /// The id as the service writes it.
    public let rawValue: String

    /// Creates an id.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// The number, where it fits; nearly all do.
    private var number: UInt64? {
        var text = rawValue
        return text.withUTF8 { digits in
            guard (1...18).contains(digits.count) else { return nil }
            var number: UInt64 = 0
            for digit in digits {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                number = number &* 10 &+ UInt64(digit &- UInt8(ascii: "0"))
            }
            return number
        }
    }

    /// The number without leading zeros; `nil` when the id is none.
    private var digits: Substring.UTF8View? {
        let bytes = rawValue.utf8
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return bytes.drop { $0 == UInt8(ascii: "0") }
    }
}

extension EntityID: Comparable {
    /// Decimal ids by number, then the others by text.
    public static func < (left: EntityID, right: EntityID) -> Bool {
        if let first = left.number, let second = right.number, first != second { return first < second }
        switch (left.digits, right.digits) {
        case (let leftDigits?, let rightDigits?):
            if leftDigits.count != rightDigits.count { return leftDigits.count < rightDigits.count }
            if !leftDigits.elementsEqual(rightDigits) { return leftDigits.lexicographicallyPrecedes(rightDigits) }
            return left.rawValue < right.rawValue
        case (_?, nil): return true
        case (nil, _?): return false
        case (nil, nil): return left.rawValue < right.rawValue
        }
    }
}

extension EntityID: Codable {
    /// Reads an id that is written as a string or as a number. Ids stand in paths, links and commands that people run:
    /// letters, digits and `-_.:` are all that was ever seen in one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard Self.isLegal(text.utf8) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no id")
            }
            self.init(text)
        } else {
            self.init(String(try container.decode(Int64.self)))
        }
    }

    /// Whether these are the bytes of an id.
    static func isLegal(_ text: some Collection<UInt8>) -> Bool {
        text.contains { $0 != UInt8(ascii: ".") } && text.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "-_.:".utf8.contains(byte)
        }
    }

    /// Writes a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension EntityID: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The id as the service writes it.
    public var description: String { rawValue }

    /// Creates an id.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}
