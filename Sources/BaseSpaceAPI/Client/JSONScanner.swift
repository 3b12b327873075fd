internal import Glibc

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
    @inline(__always)
    private mutating func peek() throws(Unusual) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return byte }
            position += 1
        }
        throw Unusual()
    }

    @inline(__always)
    private mutating func take(_ expected: UInt8) throws(Unusual) {
        guard try peek() == expected else { throw Unusual() }
        position += 1
    }

    /// Goes through an object: `body` gets each key and has to read its value, or skip it.
    mutating func object(
        _ body: (inout JSONScanner, UnsafeBufferPointer<UInt8>) throws(Unusual) -> Void
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
    mutating func text() throws(Unusual) -> UnsafeBufferPointer<UInt8> {
        try take(UInt8(ascii: "\""))
        let start = position
        position = endOfPlainText(from: start)
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw Unusual() }
        defer { position += 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<position])
    }

    /// Where a text ends or is not plain any more: at a quotation mark, a backslash or a control character. Eight bytes at
    /// a time, since most of a page are signed URLs.
    private func endOfPlainText(from start: Int) -> Int {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return start }
        let (last, end) = (bytes.count &- 8, bytes.count)
        var position = start
        while position <= last {
            let word = (base + position).loadUnaligned(as: UInt64.self)
            let found = Self.mark(in: UInt64(littleEndian: word))
            if found != 0 { return position &+ found.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < end, Self.mark(in: UInt64(bytes[position]) | Self.each(0x20) << 8) == 0 {
            position &+= 1
        }
        return position
    }

    /// The highest bit of the lowest byte, of eight, that a plain text has not; what is above it says nothing. `0` if there
    /// is none.
    @inline(__always)
    private static func mark(in word: UInt64) -> UInt64 {
        // A borrow reaches the highest bit of a byte below 0x80 that is less than what is taken from it, and of bytes above
        // such a one. With one bit turned over, a quotation mark (0x22) comes right after the control characters.
        let quotation = (word ^ each(0x02)) &- each(0x21)
        let backslash = (word ^ each(UInt8(ascii: "\\"))) &- each(0x01)
        return (quotation | backslash) & ~word & each(0x80)
    }

    /// A byte eight times.
    @inline(__always)
    private static func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// The bytes of a text; `nil` for `null` and for an empty one.
    mutating func optionalText() throws(Unusual) -> UnsafeBufferPointer<UInt8>? {
        guard try peek() == UInt8(ascii: "\"") else {
            try null()
            return nil
        }
        let text = try text()
        return text.isEmpty ? nil : text
    }

    /// A text; `nil` for `null` and for an empty one.
    mutating func string() throws(Unusual) -> String? {
        guard let text = try optionalText() else { return nil }
        return try Self.string(of: text)
    }

    /// A text of UTF-8, which JSON is.
    static func string(of text: UnsafeBufferPointer<UInt8>) throws(Unusual) -> String {
        guard let characters = try? UTF8Span(validating: text.span) else { throw Unusual() }
        return String(copying: characters)
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
        switch bytes[position] {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): throw Unusual()
        default: break
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
        while true {
            position = endOfPlainText(from: position)
            guard position < bytes.count else { throw Unusual() }
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
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

extension UnsafeBufferPointer<UInt8> {
    /// Whether these are the bytes of a word.
    static func ~= (word: StaticString, bytes: Self) -> Bool {
        UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount).isSame(as: bytes)
    }

    /// Whether these are the same bytes.
    func isSame(as other: Self) -> Bool {
        guard let baseAddress, let others = other.baseAddress, count == other.count else {
            return isEmpty && other.isEmpty
        }
        return memcmp(baseAddress, others, count) == 0
    }
}
