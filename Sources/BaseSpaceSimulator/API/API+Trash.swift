import HTTPTypes

extension API {
    /// The paths by which v1 moves something to the trash are not public; these are the obvious ones.
    static let trashRoutes =
        EntityKind.allCases.filter { $0 != .files }.map { kind in
            Route("DELETE", "\(kind.rawValue)/{id}") { api, request in try api.moveToTrash(request, kind) }
        } + [
            Route("DELETE", "users/current/trash") { api, request in try api.emptyTrash(request) },
            Route("DELETE", "appsessions/{id}", version: .v2) { api, request in
                try api.moveToTrash(request, .sessions)
            },
            Route("GET", "trash", version: .v2) { api, request in api.trash(request) },
            Route("DELETE", "trash", version: .v2) { api, request in try api.emptyTrash(request) },
            Route("GET", "trash/{id}", version: .v2) { api, request in
                let item = try api.trashItem(request)
                return Envelope.object(api.form(of: item, request), for: request, services: api.services)
            },
            Route("POST", "trash/{id}/restorefromtrash", version: .v2) { api, request in
                try api.restoreFromTrash(request)
            },
        ]

    private func moveToTrash(_ request: APIRequest, _ kind: EntityKind) throws -> Reply {
        let entity = try services.entity(kind, for: request)
        try request.require("movetotrash global", "MOVETOTRASH", kind.word)
        guard let item = services.withModel({ $0.moveToTrash(entity, at: request.now) }) else {
            throw services.missing(entity)
        }
        return Envelope.object(form(of: item, request), for: request, services: services)
    }

    private func emptyTrash(_ request: APIRequest) throws -> Reply {
        try request.require("empty trash", "EMPTY", "Trash")
        let count = services.withModel { $0.emptyTrash() }
        return Envelope.object(["DeletedCount": .integer(Int64(count))], for: request, services: services)
    }

    private func trash(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters, sortKeys: ["DateDeleted", "TotalSize"])
        let all = services.withModel { $0.trash.all }
        let items = page.select(from: all) { item, key in
            key == "TotalSize" ? item.size.asSortText : item.created.iso8601
        }
        return Envelope.list(
            items.map { form(of: $0, request) },
            total: all.count,
            page: page,
            for: request,
            services: services
        )
    }

    private func restoreFromTrash(_ request: APIRequest) throws -> Reply {
        let item = try trashItem(request)
        try request.require("movetotrash global", "MOVETOTRASH", "Trash")
        guard services.withModel({ $0.restore(item) }) else {
            throw APIError(.conflict, "What \(item.name) belongs to is in the trash itself: restore that first")
        }
        return Envelope.object(form(of: item, request), for: request, services: services)
    }

    private func trashItem(_ request: APIRequest) throws(APIError) -> TrashItem {
        guard let item = services.withModel({ model in request.id.flatMap { model.trash[$0] } }) else {
            throw services.unknown("Trash", request.captures.first)
        }
        return item
    }

    private func form(of item: TrashItem, _ request: APIRequest) -> JSON {
        let href = "\(request.root)/v2/trash/\(item.id)"
        return [
            "Id": .string(String(item.id)), "Name": .string(item.name), "Href": .string(href),
            "DateDeleted": .string(item.created.iso8601), "TotalSize": .integer(item.size),
            "UserDeletedBy": services.withModel { $0.userV2(root: request.root) },
            "Deleted\(item.entity.kind.word)": item.form, "Includes": ["FILEDATA", "METADATA"],
            "IsVisibleInTrash": true, "ChildCount": 0, "CompletedChildEvents": 0, "TrashStatus": "InTrash",
            "HrefPostRestoreFromTrash": .string("\(href)/restorefromtrash"),
            "IncludedSamples": .integer(Int64(item.removed.samples.count)),
            "IncludedAppResults": .integer(Int64(item.removed.appResults.count)),
            "IncludedAppSessions": .integer(Int64(item.removed.sessions.count)),
        ]
    }
}
