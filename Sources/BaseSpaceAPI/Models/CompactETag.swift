/// An ETag in 24 bytes where it is what the service gives: an MD5, with the number of parts behind it for an object of
/// several.
public enum CompactETag: Hashable, Sendable {
    /// The MD5's halves; no parts for an object that was sent in one piece.
    case digest(UInt64, UInt64, parts: UInt16)
    /// Any other.
    case other(String)

    /// Packs a bare ETag, which comes back from `text` as it was.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self.digest(in: $0) } ?? .other(text)
    }

    /// An ETag of the service's kind in a reply; `nil` where it is of another one.
    static func digest(in text: UnsafeBufferPointer<UInt8>) -> CompactETag? {
        guard let high = number(text.prefix(16)), let low = number(text.dropFirst(16).prefix(16)) else { return nil }
        let rest = text.dropFirst(32)
        guard let dash = rest.first else { return .digest(high, low, parts: 0) }
        // A sign or a leading zero would not come back as it was.
        guard dash == UInt8(ascii: "-"), let first = rest.dropFirst().first,
            (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first),
            let parts = UInt16(String(decoding: rest.dropFirst(), as: UTF8.self))
        else { return nil }
        return .digest(high, low, parts: parts)
    }

    /// Sixteen hexadecimal digits as the service writes them, in small letters.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        guard digits.count == 16 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    /// A number that other ETags hardly have, the same in every process and every version: inode numbers are made of it.
    public var number: UInt64 {
        switch self {
        // An MD5 is as good as random; the parts must not be lost in it.
        case .digest(let high, let low, let parts): (high ^ low &* 0x9e37_79b9_7f4a_7c15) &+ UInt64(parts)
        case .other(let text): text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    /// The ETag as it was given.
    public var text: String {
        switch self {
        case .digest(let high, let low, let parts): Self.hex(high) + Self.hex(low) + (parts == 0 ? "" : "-\(parts)")
        case .other(let text): text
        }
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
