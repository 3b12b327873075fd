import HTTPTypes

/// The content of a file as an HTTP resource: whole, a range of it, or the refusal of one.
struct FileContent: Sendable {
    let file: File
    let etag: String

    /// Turns an answer into this content; false if the range can't be satisfied (416).
    @discardableResult
    func fill(_ reply: inout Reply, incoming: Incoming) -> Bool {
        reply.set("Accept-Ranges", "bytes")
        reply.set("ETag", "\"\(etag)\"")
        reply.set("Last-Modified", file.modified.http)
        reply.set("Content-Type", file.contentType)
        var range: Range<Int64> = 0..<file.size
        if !incoming.ignoresRange, let wanted = incoming.fields[.range].flatMap(ByteRange.init) {
            guard let satisfied = wanted.range(in: file.size) else {
                reply.status = .rangeNotSatisfiable
                reply.set("Content-Range", "bytes */\(file.size)")
                reply.fields[.contentLength] = "0"
                return false
            }
            range = satisfied
            reply.status = .partialContent
            reply.set("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)")
        }
        reply.fields[.contentLength] = String(range.count)
        if let location = file.location, !range.isEmpty { reply.body = .file(location, range) }
        return true
    }
}

/// One range of a `Range` header (RFC 9110, 14.1.2).
struct ByteRange: Equatable {
    private let first: Int64?
    private let last: Int64?

    /// Nil for whatever a server that knows single ranges ignores: several ranges, other units, nonsense.
    init?(_ header: String) {
        let parts = header.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmingSpaces().lowercased() == "bytes" else { return nil }
        let bounds = parts[1].trimmingSpaces().split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, bounds.allSatisfy({ $0.isEmpty || Int64($0) != nil }) else { return nil }
        first = Int64(bounds[0])
        last = Int64(bounds[1])
        guard first != nil || last != nil else { return nil }
        if let first, let last, last < first { return nil }
    }

    /// The bytes meant; nil if there are none in a content of this size.
    func range(in size: Int64) -> Range<Int64>? {
        guard let first else {
            guard let last, last > 0, size > 0 else { return nil }
            return max(0, size - last)..<size
        }
        guard first < size else { return nil }
        return first..<(last.map { $0 >= size ? size : $0 + 1 } ?? size)
    }
}
