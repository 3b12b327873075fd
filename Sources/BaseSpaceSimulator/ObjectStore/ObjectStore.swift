import HTTPTypes

/// The object store: answers GETs of signed URLs as S3 does, and nothing else.
struct ObjectStore: Sendable {
    let services: Services

    /// Answers a request. Never throws: every failure is an answer.
    func reply(to incoming: Incoming) async -> Reply {
        let parameters = Parameters(form: incoming.query)
        // Two ways of saying who one is are refused. BaseSpace's token is no business of S3's, and a client that sends
        // it there gives it away.
        if incoming.fields[.authorization] != nil || incoming.field("x-access-token") != nil
            || parameters["access_token"] != nil
        {
            return failure(.forbidden, "AccessDenied", "Only one auth mechanism allowed; send the signed URL alone")
        }
        guard ["GET", "HEAD"].contains(incoming.method) else {
            return failure(.methodNotAllowed, "MethodNotAllowed", "The method is not allowed against this resource")
        }
        let key = PercentEncoding.decode(incoming.path.drop { $0 == "/" })
        do throws(URLSigner.Refusal) {
            try services.signer.check(incoming, key: key, parameters: parameters, now: services.clock.now)
        } catch {
            return refusal(error, parameters: parameters)
        }
        guard let file = services.withModel({ $0.completeFile(key: key) }) else {
            return failure(.notFound, "NoSuchKey", "The specified key does not exist.")
        }
        return await content(of: file, incoming: incoming, parameters: parameters)
    }

    private func content(of file: File, incoming: Incoming, parameters: Parameters) async -> Reply {
        guard let etag = try? await services.entityTags(of: [file])[0] else {
            return failure(.internalServerError, "InternalError", "The file cannot be read")
        }
        if let wanted = incoming.fields[.ifMatch], !Self.matches(wanted, etag: etag) {
            return failure(
                .preconditionFailed,
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
                details: [("Condition", "If-Match")]
            )
        }
        var reply = head(.ok)
        guard FileContent(file: file, etag: etag).fill(&reply, incoming: incoming) else {
            return failure(
                .rangeNotSatisfiable,
                "InvalidRange",
                "The requested range is not satisfiable",
                details: [
                    ("RangeRequested", incoming.fields[.range] ?? ""), ("ActualObjectSize", String(file.size)),
                ],
                fields: [.contentRange: "bytes */\(file.size)"]
            )
        }
        if let type = parameters["response-content-type"] { reply.set("Content-Type", type) }
        if let disposition = parameters["response-content-disposition"] {
            reply.set("Content-Disposition", disposition)
        }
        reply.set("x-amz-server-side-encryption", "AES256")
        return reply
    }

    private static func matches(_ header: String, etag: String) -> Bool {
        header.split(separator: ",").contains { candidate in
            let candidate = candidate.trimmingSpaces()
            return candidate == "*" || candidate.filter { $0 != "\"" } == etag
        }
    }

    // MARK: Failures

    private func refusal(_ refusal: URLSigner.Refusal, parameters: Parameters) -> Reply {
        switch refusal {
        case .unsigned:
            return failure(.forbidden, "AccessDenied", "Access Denied")
        case .expired:
            let expires = ServiceDate(seconds: parameters["Expires"].flatMap { Int64($0) } ?? 0)
            return failure(
                .forbidden,
                "AccessDenied",
                "Request has expired",
                details: [
                    ("Expires", expires.iso8601WithoutFraction),
                    ("ServerTime", services.clock.now.iso8601WithoutFraction),
                ]
            )
        case .mismatch:
            return failure(
                .forbidden,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your key and signing method."
            )
        }
    }

    /// An error with some status, for faults.
    func failure(status: Int) -> Reply {
        let code =
            switch status {
            case 503: "SlowDown"
            case 500: "InternalError"
            case 403: "AccessDenied"
            case 404: "NoSuchKey"
            default: "SimulatedFault"
            }
        return failure(.init(code: status), code, "This failure was asked for")
    }

    private func failure(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        details: [(String, String)] = [],
        fields: HTTPFields = [:]
    ) -> Reply {
        var reply = head(status)
        let requestID = reply.fields[.amazonRequestID] ?? ""
        let elements =
            [("Code", code), ("Message", message)] + details + [("RequestId", requestID), ("HostId", "simulator")]
        let xml =
            #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n<Error>"
            + elements.map { "<\($0)>\(Self.escape($1))</\($0)>" }.joined() + "</Error>"
        for field in fields {
            reply.fields[field.name] = field.value
        }
        reply.set("Content-Type", "application/xml")
        reply.fields[.contentLength] = String(xml.utf8.count)
        reply.body = .bytes(Array(xml.utf8))
        return reply
    }

    private func head(_ status: HTTPResponse.Status) -> Reply {
        var reply = Reply(status: status)
        reply.set("x-amz-id-2", RequestIDs.random(44))
        reply.set("x-amz-request-id", RequestIDs.random(16).uppercased())
        reply.set("Date", services.clock.now.http)
        reply.set("Server", "AmazonS3")
        return reply
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

extension HTTPField.Name {
    fileprivate static let amazonRequestID = Self("x-amz-request-id") ?? .date
}
