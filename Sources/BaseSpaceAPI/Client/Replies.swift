internal import FoundationEssentials
internal import HTTPTransport

/// The envelope of v1 replies, `{"Response": …, "ResponseStatus": {}, "Notifications": []}`; v2 replies have none.
struct Reply<Value: Decodable & Sendable>: Decodable, Sendable {
    let value: Value

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        value = fields.contains("Response") ? try fields.value("Response") : try Value(from: decoder)
    }
}

/// What a page says of itself and its collection.
struct PageCounts: Equatable, Sendable {
    /// Items on the page.
    let items: Int
    /// Items in the whole collection; not always sent.
    let total: Int?
    /// The page's size as the service understood it, at least 1: it may be less than was asked for.
    let limit: Int?

    init(items: Int, total: Int?, limit: Int?) {
        self.items = items
        self.total = total
        self.limit = limit.flatMap { $0 > 0 ? $0 : nil }
    }
}

/// A page of a collection. v1 has the counts beside the items, v2 in `Paging`.
struct Page<Item: Decodable & Sendable>: Decodable, Sendable {
    let items: [Item]
    let counts: PageCounts

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        let paging = fields.nested("Paging") ?? fields
        items = try fields.array("Items")
        counts = PageCounts(
            items: items.count,
            total: paging.integer("TotalCount").flatMap { Int(exactly: $0) },
            limit: paging.integer("Limit").flatMap { Int(exactly: $0) }
        )
    }
}

/// What `content?redirect=meta` tells.
struct ContentReply: Decodable, Sendable {
    let link: String
    let expires: Timestamp

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        guard let link = fields.text("HrefContent"), let expires = fields.timestamp("Expires") else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no HrefContent or no Expires")
            )
        }
        self.link = link
        self.expires = expires
    }
}

/// What an uploaded part is answered with.
struct PartReply: Decodable, Sendable {
    let etag: String

    init(from decoder: any Decoder) throws {
        etag = RemoteFile.bare(try Fields(decoder).value("ETag"))
    }
}

/// An error in one of the shapes that the service has for it.
struct ErrorReply: Decodable {
    let message: String?
    let code: String?
    let requestID: String?

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        let status = fields.nested("ResponseStatus")
        message =
            status?.text("Message") ?? fields.text("ErrorMessage") ?? fields.text("MessageFormatted")
            ?? fields.text("error_description")
        code = status?.text("ErrorCode") ?? fields.text("ErrorCode") ?? fields.text("error")
        requestID = fields.text("RequestId")
    }
}

extension BaseSpaceError {
    /// The longest message taken from a server: a line on a screen or two.
    private static let longestMessage = 300

    /// Reads an answer with an error status. Its words are shown to people, so they are put on one line, and secrets are
    /// taken out in case the server repeats them.
    init(_ response: HTTPResponse, endpoint: String, hiding secrets: (String) -> String) {
        let reply = try? JSONDecoder().decode(ErrorReply.self, from: Data(response.body))
        func shown(_ text: String?) -> String? {
            text.map { text in
                let line = String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isShown($0) ? $0 : " " }))
                return String(
                    secrets(line).replacing(#/(Signature=)[^&\s"]+/#) { $0.1 + "…" }.prefix(Self.longestMessage)
                )
            }
        }
        self.init(
            kind: .service(status: response.status),
            code: shown(reply?.code),
            message: shown(reply?.message) ?? "the server gives no reason",
            requestID: shown(response.head.headers["X-Request-ID"] ?? reply?.requestID),
            endpoint: endpoint,
            mayHaveReachedServer: true
        )
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    /// A reply that can't be read: where in it, but nothing of it.
    init(_ error: any Error, endpoint: String) {
        let reason =
            switch error {
            case DecodingError.keyNotFound(let key, let context):
                "\(Self.path(context.codingPath + [key])) is missing"
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
                "\(Self.path(context.codingPath)) is not of the type known"
            case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
                "\(Self.path(context.codingPath)) can't be read"
            default: "it is no JSON of the shape known"
            }
        let isForeign =
            if case DecodingError.dataCorrupted(let context) = error { context.codingPath.isEmpty } else { false }
        self.init(
            kind: .undecodable,
            message: "the server's reply can't be read (\(reason)); check that the server's URL is one of an API",
            endpoint: endpoint,
            mayHaveReachedServer: true
        )
        self.isForeign = isForeign
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".")
    }
}
