/// What the end of a reply says of its collection, before the reply is read: that takes some milliseconds, in which the
/// next pages may be on their way already. It is no more than a guess.
///
///     …],"DisplayedCount":1000,"TotalCount":20000,"Offset":0,"Limit":1000,"SortDir":"Asc","SortBy":"Id"},"Notifications":[]}
struct PageTail: Equatable {
    /// Items in the collection.
    let total: Int
    /// Items on a page.
    let limit: Int

    /// Where the counts are looked for: nothing that an item has stands so far back.
    private static let length = 400

    /// Looks for the last counts near the end; `nil` if there are none.
    init?(of reply: [UInt8]) {
        let tail = reply.suffix(Self.length)
        guard let total = Self.number(after: "\"TotalCount\":", in: tail),
            let limit = Self.number(after: "\"Limit\":", in: tail)
        else { return nil }
        self.total = total
        self.limit = limit
    }

    private static func number(after key: StaticString, in tail: ArraySlice<UInt8>) -> Int? {
        let key = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        for start in tail.indices.reversed() where tail[start...].starts(with: key) {
            let digits = tail[(start + key.count)...].drop { $0 == UInt8(ascii: " ") }
                .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return Int(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }
}
