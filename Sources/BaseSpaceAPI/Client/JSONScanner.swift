/// Reads JSON from left to right, making nothing but what it is asked for.
///
/// It knows the JSON that services write by machine. At anything else (escapes in a text, a fraction where a whole number
/// is expected, a shape that is not JSON at all) it throws ``Unusual``, and the caller takes a decoder that knows
/// everything: what is read here is right, what is not read here costs time only.
struct JSONScanner {
    /// Something that is left to others.
    struct Unusual: Error {}

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// Deeper than any reply; a level costs a stack frame.
    private static let deepest = 64

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The next byte that is no white space, which stays where it is.
    private mutating func peek() throws(Unusual) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return byte }
            position += 1
        }
        throw Unusual()
    }

    private mutating func take(_ expected: UInt8) throws(Unusual) {
        guard try peek() == expected else { throw Unusual() }
        position += 1
    }

    /// Goes through an object: `body` gets each key and has to read its value, or skip it.
    mutating func object(
        _ body: (inout JSONScanner, Slice<UnsafeBufferPointer<UInt8>>) throws(Unusual) -> Void
    ) throws(Unusual) {
        try take(UInt8(ascii: "{"))
        guard try peek() != UInt8(ascii: "}") else {
            position += 1
            return
        }
        while true {
            let key = try text()
            try take(UInt8(ascii: ":"))
            try body(&self, key)
            let byte = try peek()
            position += 1
            if byte == UInt8(ascii: "}") { return }
            guard byte == UInt8(ascii: ",") else { throw Unusual() }
        }
    }

    /// Goes through an array: `body` has to read each value.
    mutating func array(_ body: (inout JSONScanner) throws(Unusual) -> Void) throws(Unusual) {
        try take(UInt8(ascii: "["))
        guard try peek() != UInt8(ascii: "]") else {
            position += 1
            return
        }
        while true {
            try body(&self)
            let byte = try peek()
            position += 1
            if byte == UInt8(ascii: "]") { return }
            guard byte == UInt8(ascii: ",") else { throw Unusual() }
        }
    }

    /// The bytes of a text without escapes.
    mutating func text() throws(Unusual) -> Slice<UnsafeBufferPointer<UInt8>> {
        try take(UInt8(ascii: "\""))
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                defer { position += 1 }
                return bytes[start..<position]
            }
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { throw Unusual() }
            position += 1
        }
        throw Unusual()
    }

    /// A text; `nil` for `null` and for an empty one.
    mutating func string() throws(Unusual) -> String? {
        guard try peek() == UInt8(ascii: "\"") else {
            try null()
            return nil
        }
        let slice = try text()
        guard !slice.isEmpty else { return nil }
        guard let string = String(validating: UnsafeBufferPointer(rebasing: slice), as: UTF8.self) else {
            throw Unusual()
        }
        return string
    }

    /// A whole number of at most 18 digits; `nil` for `null`.
    mutating func integer() throws(Unusual) -> Int64? {
        let first = try peek()
        guard first == UInt8(ascii: "-") || isDigit(first) else {
            try null()
            return nil
        }
        let isNegative = first == UInt8(ascii: "-")
        position += isNegative ? 1 : 0
        let start = position
        var number: Int64 = 0
        while position < bytes.count, isDigit(bytes[position]), position - start < 19 {
            number = number &* 10 &+ Int64(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        let digits = position - start
        guard (1...18).contains(digits), digits == 1 || bytes[start] != UInt8(ascii: "0"), position < bytes.count else {
            throw Unusual()
        }
        // A fraction or an exponent.
        guard ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position]) else {
            throw Unusual()
        }
        return isNegative ? -number : number
    }

    /// `true` or `false`; `nil` for `null`.
    mutating func boolean() throws(Unusual) -> Bool? {
        switch try peek() {
        case UInt8(ascii: "t"):
            try word("true")
            return true
        case UInt8(ascii: "f"):
            try word("false")
            return false
        default:
            try null()
            return nil
        }
    }

    /// Passes by a value of any kind.
    mutating func skip(depth: Int = 0) throws(Unusual) {
        guard depth < Self.deepest else { throw Unusual() }
        switch try peek() {
        case UInt8(ascii: "{"): try object { scanner, _ throws(Unusual) in try scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "["): try array { scanner throws(Unusual) in try scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): try skipText()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
        case UInt8(ascii: "n"): try null()
        default: try skipNumber()
        }
    }

    /// Whether nothing but white space is left.
    var isAtEnd: Bool {
        var rest = self
        return (try? rest.peek()) == nil
    }

    private mutating func null() throws(Unusual) {
        try word("null")
    }

    private mutating func word(_ word: StaticString) throws(Unusual) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[offset] else { throw Unusual() }
            position += 1
        }
    }

    private mutating func skipText() throws(Unusual) {
        try take(UInt8(ascii: "\""))
        while position < bytes.count {
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw Unusual()
    }

    private mutating func skipNumber() throws(Unusual) {
        let start = position
        while position < bytes.count, isDigit(bytes[position]) || Self.signs.contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw Unusual() }
    }

    private static let signs = Array("+-.eE".utf8)

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// Whether these are the bytes of a word.
    static func ~= (word: StaticString, bytes: Self) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        for (offset, byte) in bytes.enumerated() where word.utf8Start[offset] != byte { return false }
        return true
    }
}
