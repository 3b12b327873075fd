/// Reads a page of a list of files on one pass over its bytes. A listing of 20,000 files is waited for, and one of 150,000
/// must not take more memory than what is kept of it; `JSONDecoder` takes 14 ms for a page of 1000 and ten times the
/// page's size.
struct FilePageReader {
    private var count = 0
    private var total: Int?
    private var limit: Int?
    private var hasItems = false
    private let receive: (borrowing RemoteFile) -> Void
    /// What neighbours in a list have in common is made once; the texts are the reply's own bytes.
    private var lastType: (text: UnsafeBufferPointer<UInt8>, type: String)?
    private var lastDate: (text: UnsafeBufferPointer<UInt8>, moment: Timestamp?)?
    private var lastDirectory: (text: UnsafeBufferPointer<UInt8>, path: String)?
    private var lastKeys: [(text: UnsafeBufferPointer<UInt8>, field: Field)] = []

    /// What is read of a file.
    private enum Field {
        case id, name, path, size, contentType, etag, isArchived, uploadStatus, created, modified, content
        case none

        init(_ key: UnsafeBufferPointer<UInt8>) {
            self =
                switch key {
                case "Id": .id
                case "Name": .name
                case "Path": .path
                case "Size": .size
                case "ContentType": .contentType
                case "ETag": .etag
                case "IsArchived": .isArchived
                case "UploadStatus": .uploadStatus
                case "DateCreated": .created
                case "DateModified": .modified
                case "HrefContent": .content
                default: .none
                }
        }
    }

    private init(_ receive: @escaping (borrowing RemoteFile) -> Void) {
        self.receive = receive
    }

    /// Hands over the files in a reply, each as soon as it was read.
    ///
    /// - Returns: What the reply says of its list; `nil` where something in it is not what it usually is, and `JSONDecoder`
    ///   has to look. What was handed over before that is what it finds first, as in every reply with one list.
    static func read(_ reply: [UInt8], _ receive: (borrowing RemoteFile) -> Void) -> PageCounts? {
        withoutActuallyEscaping(receive) { receive in
            reply.withUnsafeBufferPointer { bytes in
                var scanner = JSONScanner(bytes)
                var reader = FilePageReader(receive)
                do throws(JSONScanner.Unusual) {
                    try reader.readEnvelope(&scanner, depth: 0)
                } catch {
                    return nil
                }
                guard scanner.isAtEnd, reader.hasItems else { return nil }
                return PageCounts(items: reader.count, total: reader.total, limit: reader.limit)
            }
        }
    }

    /// v1 has the list in `Response`, v2 its counts in `Paging`.
    private mutating func readEnvelope(_ scanner: inout JSONScanner, depth: Int) throws(JSONScanner.Unusual) {
        try scanner.object { scanner, key throws(JSONScanner.Unusual) in
            switch key {
            case "Response" where depth < 2, "Paging" where depth < 2: try readEnvelope(&scanner, depth: depth + 1)
            case "Items":
                guard !hasItems else { throw JSONScanner.Unusual() }
                hasItems = true
                try scanner.array { scanner throws(JSONScanner.Unusual) in try readFile(&scanner) }
            case "TotalCount": total = try scanner.integer().flatMap { Int(exactly: $0) }
            case "Limit": limit = try scanner.integer().flatMap { Int(exactly: $0) }
            default: try scanner.skip()
            }
        }
    }

    private mutating func readFile(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) {
        typealias Text = UnsafeBufferPointer<UInt8>
        var (id, name, path): (EntityID?, Text?, Text?)
        var (size, isArchived): (Int64, Bool) = (0, false)
        var (type, tag, status, link): (String?, CompactETag?, UploadStatus?, SignedLink?)
        var (created, modified): (Timestamp?, Timestamp?)
        var position = 0
        try scanner.object { scanner, key throws(JSONScanner.Unusual) in
            switch field(of: key, at: position) {
            case .id: id = try readID(&scanner)
            case .name: name = try scanner.optionalText()
            case .path: path = try scanner.optionalText()
            case .size:
                guard let bytes = RemoteFile.plausible(try scanner.integer()) else { throw JSONScanner.Unusual() }
                size = bytes
            case .contentType: type = try readType(&scanner)
            case .etag: tag = try readTag(&scanner)
            case .isArchived: isArchived = try scanner.boolean() ?? false
            case .uploadStatus: status = try scanner.string().map { RemoteFile.status($0) }
            case .created: created = try readDate(&scanner)
            case .modified: modified = try readDate(&scanner)
            case .content: link = try readLink(&scanner)
            case .none: try scanner.skip()
            }
            position += 1
        }
        guard let id else { throw JSONScanner.Unusual() }
        let (called, location) = try place(id: id, name: name, path: path)
        count += 1
        receive(
            RemoteFile(
                id: id,
                name: called,
                location: location,
                size: size,
                contentType: type,
                tag: tag,
                isArchived: isArchived,
                uploadStatus: status,
                created: created,
                modified: modified,
                contentLink: link
            )
        )
    }

    /// What a key stands for: nearly always what the key in that position stood for in the file before.
    private mutating func field(of key: UnsafeBufferPointer<UInt8>, at position: Int) -> Field {
        guard position < lastKeys.count else {
            lastKeys.append((key, Field(key)))
            return lastKeys[position].field
        }
        if !lastKeys[position].text.isSame(as: key) {
            lastKeys[position] = (key, Field(key))
        }
        return lastKeys[position].field
    }

    /// What a file is called, and where it is.
    private mutating func place(
        id: EntityID,
        name: UnsafeBufferPointer<UInt8>?,
        path: UnsafeBufferPointer<UInt8>?
    ) throws(JSONScanner.Unusual) -> (name: String, location: RemotePath) {
        guard let path else {
            let name = if let name { try JSONScanner.string(of: name) } else { id.rawValue }
            return (name, RemotePath(name))
        }
        let slash = path.lastIndex(of: UInt8(ascii: "/"))
        let directory: String? =
            if let slash { try readDirectory(UnsafeBufferPointer(rebasing: path[..<slash])) } else { nil }
        let leaf = UnsafeBufferPointer(rebasing: path[(slash.map { $0 + 1 } ?? 0)...])
        let text = try JSONScanner.string(of: leaf)
        let location = RemotePath(directory: directory, leaf: text)
        guard let name else {
            return (location.lastComponent ?? id.rawValue, location)
        }
        return (name.isSame(as: leaf) ? text : try JSONScanner.string(of: name), location)
    }

    private mutating func readDirectory(_ text: UnsafeBufferPointer<UInt8>) throws(JSONScanner.Unusual) -> String {
        if let lastDirectory, lastDirectory.text.isSame(as: text) { return lastDirectory.path }
        let path = try JSONScanner.string(of: text)
        lastDirectory = (text, path)
        return path
    }

    private func readTag(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> CompactETag? {
        guard let text = try scanner.optionalText() else { return nil }
        if let tag = CompactETag.digest(in: text) { return tag }
        return CompactETag(RemoteFile.bare(try JSONScanner.string(of: text)))
    }

    private func readID(_ scanner: inout JSONScanner) throws(JSONScanner.Unusual) -> EntityID? {
        guard let text = try scanner.optionalText() else { return nil }
        guard EntityID.isLegal(text) else { throw JSONScanner.Unusual() }
        return EntityID(try JSONScanner.string(of: text))
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
