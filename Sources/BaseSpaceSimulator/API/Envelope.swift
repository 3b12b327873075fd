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
        let body: JSON = ["Response": object, "ResponseStatus": [:], "Notifications": []]
        var reply = reply(status, services: services)
        reply.set("Content-Type", "application/json")
        if request.incoming.method == "GET" { reply.set("X-BaseSpace-Source", "master/readonly") }
        // Without a Content-Length the body goes out chunked, as the service's does.
        reply.body = .bytes(body.encoded)
        return reply
    }

    /// A page of a list.
    static func list(
        _ items: [JSON],
        total: Int,
        page: Page,
        for request: APIRequest,
        services: Services
    ) -> Reply {
        let response: JSON = [
            "Items": .array(items), "DisplayedCount": .integer(Int64(items.count)),
            "TotalCount": .integer(Int64(total)),
            "Offset": .integer(Int64(page.offset)), "Limit": .integer(Int64(page.limit)),
            "SortDir": .string(page.isDescending ? "Desc" : "Asc"), "SortBy": .string(page.sortBy),
        ]
        return object(response, for: request, services: services)
    }

    /// A failure.
    static func failure(_ error: APIError, services: Services) -> Reply {
        let code = error.code.map { [JSON.Member("ErrorCode", .string($0))] } ?? []
        let status = JSON.object(code + [JSON.Member("Message", .string(error.message))])
        let notification: JSON = ["Type": "error", "Item": .string(error.message)]
        let body: JSON = [
            "ResponseStatus": status, "Notifications": error.isUnrecognizedPath ? [] : [notification],
        ]
        var reply = reply(error.status, services: services)
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
