import HTTPTypes

/// The v1 form of answers: what wraps an object, a list or a failure, and the headers around it.
enum Envelope {
    /// One object.
    static func object(
        _ object: JSON,
        status: HTTPResponse.Status = .ok,
        for request: APIRequest,
        services: Services
    ) -> Reply {
        bare(
            request.version == .v2 ? object : ["Response": object, "ResponseStatus": [:], "Notifications": []],
            status: status,
            for: request,
            services: services
        )
    }

    /// One object without an envelope: the form of v2, and of OAuth in both versions.
    static func bare(
        _ body: JSON,
        status: HTTPResponse.Status = .ok,
        for request: APIRequest,
        services: Services
    ) -> Reply {
        var reply = reply(status, services: services)
        reply.set("Content-Type", "application/json")
        if request.incoming.method == "GET" { reply.set("X-BaseSpace-Source", "master/readonly") }
        // Without a Content-Length the body goes out chunked, as the service's does.
        reply.body = .bytes(body.encoded)
        return reply
    }

    /// A page of a list. In v2 what says which page it is stands in an object of its own.
    ///
    /// - Parameters:
    ///   - total: nil where the service does not count.
    ///   - more: what stands beside the items.
    static func list(
        _ items: [JSON],
        total: Int?,
        page: Page,
        more: [JSON.Member] = [],
        for request: APIRequest,
        services: Services
    ) -> Reply {
        let count = total.map { [JSON.Member("TotalCount", .integer(Int64($0)))] } ?? []
        let paging =
            [JSON.Member("DisplayedCount", .integer(Int64(items.count)))] + count + [
                JSON.Member("Offset", .integer(Int64(page.offset))), JSON.Member("Limit", .integer(Int64(page.limit))),
                JSON.Member("SortDir", .string(page.isDescending ? "Desc" : "Asc")),
                JSON.Member("SortBy", .string(page.sortBy)),
            ]
        let head = more + [JSON.Member("Items", .array(items))]
        let response = JSON.object(
            request.version == .v2 ? head + [JSON.Member("Paging", .object(paging))] : head + paging
        )
        return object(response, for: request, services: services)
    }

    /// A failure.
    static func failure(_ error: APIError, isV2: Bool = false, services: Services) -> Reply {
        let code = error.code.map { [JSON.Member("ErrorCode", .string($0))] } ?? []
        let status = JSON.object(code + [JSON.Member("Message", .string(error.message))])
        let notification: JSON = ["Type": "error", "Item": .string(error.message)]
        var reply = reply(error.status, services: services)
        let body: JSON =
            if isV2, !error.isUnrecognizedPath {
                [
                    "ErrorCode": .string(error.code ?? ""), "ErrorMessage": .string(error.message),
                    "RequestId": .string(reply.field("X-Request-ID") ?? ""),
                ]
            } else {
                ["ResponseStatus": status, "Notifications": error.isUnrecognizedPath ? [] : [notification]]
            }
        if error.isUnrecognizedPath {
            reply.set("Content-Type", "application/json")
            reply.set("Cache-Control", "private")
            reply.remove("Pragma")
            reply.remove("Expires")
        } else {
            reply.set("Content-Type", "application/json; charset=utf-8")
        }
        let bytes = body.encoded
        reply.body = .bytes(bytes)
        reply.fields[.contentLength] = String(bytes.count)
        return reply
    }

    /// An answer with the headers that all have.
    static func reply(_ status: HTTPResponse.Status, services: Services) -> Reply {
        let now = services.clock.now
        var reply = Reply(status: status)
        reply.set("Date", now.http)
        reply.set("Server", "Mono.WebServer.XSP/4.8.0.0 Linux")
        reply.set("Cache-Control", "no-cache, no-store, must-revalidate")
        reply.set("Pragma", "no-cache")
        reply.set("Expires", "0")
        reply.set("Strict-Transport-Security", "max-age=10886400; includeSubDomains; preload")
        reply.set("X-Content-Type-Options", "nosniff")
        reply.set("X-Request-ID", services.requestIDs.make(at: now))
        return reply
    }
}
