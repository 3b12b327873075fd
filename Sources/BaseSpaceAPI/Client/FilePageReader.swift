/// Reads a page of a list of files on one pass over its bytes. A listing of 20,000 files is waited for, and one of 150,000
/// must not take more memory than what is kept of it; `JSONDecoder` takes 14 ms for a page of 1000 and ten times the
/// page's size.
struct FilePageReader {
    private var items: [RemoteFile]?
    private var totalCount: Int64?
    private var limit: Int64?
    /// What neighbours in a list have in common is made once; the texts are the reply's own bytes.
    private var lastType: (text: UnsafeBufferPointer<UInt8>, type: String)?
    private var lastDate: (text: UnsafeBufferPointer<UInt8>, moment: Timestamp?)?

    /// The page in a reply; `nil` where something in it is not what it usually is, and `JSONDecoder` has to look.
    static func page(in reply: [UInt8]) -> Page<RemoteFile>? {
        reply.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            var reader = FilePageReader()
            do throws(JSONScanner.Unusual) {
                try reader.readEnvelope(&scanner, depth: 0)
            } catch {
                return nil
            }
            guard scanner.isAtEnd, let items = reader.items else { return nil }
            return Page(
                items: items,
                totalCount: reader.totalCount.flatMap { Int(exactly: $0) },
                limit: reader.limit.flatMap { Int(exactly: $0) }
            )
        }
    }

    /// v1 has the list in `Response`, v2 its counts in `Paging`.
    private mutating func readEnvelope(_ scanner: inout JSONScanner, depth: Int) throws(JSONScanner.Unusual) {
        try scanner.object { scanner, key throws(JSONScanner.Unusual) in
            switch key {
            case "Response" where depth < 2, "Paging" where depth < 2: try readEnvelope(&scanner, depth: depth + 1)
            case "Items":
                guard items == nil else { throw JSONScanner.Unusual() }
                var list: [RemoteFile] = []
                list.reserveCapacity(PagePlan.pageSize)
                try scanner.array { scanner throws(JSONScanner.Unusual) in list.append(try readFile(&scanner)) }
                items = list
            case "TotalCount": totalCount = try scanner.integer()
            case "Limit": limit = try scanner.integer()
            default: try scanner.skip()
            }
        }
    }

    private mutating func readFile(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> RemoteFile {
        var file = RemoteFile(id: "", name: "", path: "", size: 0)
        var (id, name, path): (String?, String?, String?)
        try scanner.object { scanner, key throws(JSONScanner.Unusual) in
            switch key {
            case "Id": id = try scanner.string()
            case "Name": name = try scanner.string()
            case "Path": path = try scanner.string()
            case "Size":
                guard let size = RemoteFile.plausible(try scanner.integer()) else { throw JSONScanner.Unusual() }
                file.size = size
            case "ContentType": file.contentType = try readType(&scanner)
            case "ETag": file.etag = try scanner.string().map { RemoteFile.bare($0) }
            case "IsArchived": file.isArchived = try scanner.boolean() ?? false
            case "UploadStatus": file.uploadStatus = try scanner.string().map { RemoteFile.status($0) }
            case "DateCreated": file.created = try readDate(&scanner)
            case "DateModified": file.modified = try readDate(&scanner)
            case "HrefContent": file.contentLink = try readLink(&scanner)
            default: try scanner.skip()
            }
        }
        guard let id else { throw JSONScanner.Unusual() }
        file.id = EntityID(id)
        file.name = name ?? path?.split(separator: "/").last.map { String($0) } ?? id
        file.path = path ?? file.name
        return file
    }

    private func readLink(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> SignedLink? {
        guard let text = try scanner.optionalText(), RemoteFile.isSigned(text) else { return nil }
        return SignedLink(try JSONScanner.string(of: text))
    }

    private mutating func readType(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> String? {
        guard let text = try scanner.optionalText() else { return nil }
        if let lastType, lastType.text.isSame(as: text) { return lastType.type }
        let type = try JSONScanner.string(of: text)
        lastType = (text, type)
        return type
    }

    private mutating func readDate(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> Timestamp? {
        guard let text = try scanner.optionalText() else { return nil }
        if let lastDate, lastDate.text.isSame(as: text) { return lastDate.moment }
        let moment = Timestamp(iso8601: try JSONScanner.string(of: text)).flatMap { $0 == .none ? nil : $0 }
        lastDate = (text, moment)
        return moment
    }
}
