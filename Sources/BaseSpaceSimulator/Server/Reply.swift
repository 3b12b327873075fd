import HTTPTypes
import NIOCore
import SystemPackage

/// An answer before faults have had their say.
struct Reply: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A piece of a file.
        case file(FilePath, Range<Int64>)
    }

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: Body

    init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: Body = .none) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Bytes in the body.
    var count: Int64 {
        switch body {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let range): range.upperBound - range.lowerBound
        }
    }

    /// Adds a header whose name is known to be a token.
    mutating func set(_ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        fields[name] = value
    }

    /// The value of a header.
    func field(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { fields[$0] }
    }

    /// Takes a header away.
    mutating func remove(_ name: String) {
        guard let name = HTTPField.Name(name) else { return }
        fields[name] = nil
    }
}

/// A request as the servers' handlers see it.
struct Incoming: Sendable {
    let method: String
    /// What the client calls this server, `127.0.0.1:PORT`.
    let authority: String
    /// Percent-encoded, without the query.
    let path: String
    /// Without `?`.
    let query: String
    let fields: HTTPFields
    let body: IncomingBody
    /// Whether a fault hides the `Range` header.
    let ignoresRange: Bool

    func field(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { fields[$0] }
    }
}
