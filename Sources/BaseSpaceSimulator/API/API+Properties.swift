import HTTPTypes

extension API {
    /// What a client gets of a list of properties or of a property's items if it names no limit.
    private static let propertyLimit = 50

    /// The same five calls on every kind of entity.
    static let propertyRoutes = EntityKind.allCases.flatMap { kind in
        let path = "\(kind.rawValue)/{id}/properties"
        return [
            Route("GET", path) { api, request in try api.properties(request, of: kind) },
            Route("POST", path) { api, request in try await api.setProperties(request, of: kind) },
            Route("GET", "\(path)/{name}") { api, request in try api.property(request, of: kind) },
            Route("DELETE", "\(path)/{name}") { api, request in try api.deleteProperty(request, of: kind) },
            Route("GET", "\(path)/{name}/items") { api, request in try api.propertyItems(request, of: kind) },
        ]
    }

    private func properties(_ request: APIRequest, of kind: EntityKind) throws -> Reply {
        let page = Page(request.parameters, standard: Self.propertyLimit, sortKeys: ["Name"])
        let entity = try services.entity(kind, for: request)
        let (items, total) = services.withModel { model in
            let all = model.properties(of: entity).sorted { $0.name < $1.name }
            return (page.slice(of: all).map { model.compact($0, of: entity) }, all.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    /// The properties of what only v2 has: it shows those of another entity under links of its own. v2 can't set them.
    func propertiesV2(of entity: EntityID, href: String, _ request: APIRequest) -> Reply {
        let page = Page(request.parameters, standard: Self.propertyLimit, sortKeys: ["Name"])
        let all = services.withModel { model in
            model.propertyContainerV2(of: entity, href: href, wanted: [])["Items"]?.elements ?? []
        }
        let sorted = all.sorted { ($0["Name"]?.text ?? "") < ($1["Name"]?.text ?? "") }
        return Envelope.list(page.slice(of: sorted), total: all.count, page: page, for: request, services: services)
    }

    private func property(_ request: APIRequest, of kind: EntityKind) throws -> Reply {
        let entity = try services.entity(kind, for: request)
        let name = request.captures[1]
        let object = services.withModel { model in
            model.properties(of: entity).first { $0.name == name }.map { model.full($0, of: entity) }
        }
        guard let object else { throw Self.noProperty(name) }
        return Envelope.object(object, for: request, services: services)
    }

    private func propertyItems(_ request: APIRequest, of kind: EntityKind) throws -> Reply {
        let page = Page(request.parameters, standard: Self.propertyLimit, sortKeys: ["DateCreated"])
        let entity = try services.entity(kind, for: request)
        let name = request.captures[1]
        let found = services.withModel { model -> (type: String, items: [JSON], total: Int)? in
            guard let property = model.properties(of: entity).first(where: { $0.name == name }) else { return nil }
            let items = page.slice(of: property.items).map { model.compact($0) }
            return (property.type, items, property.items.count)
        }
        guard let found else { throw Self.noProperty(name) }
        return Envelope.list(
            found.items,
            total: found.total,
            page: page,
            more: [JSON.Member("Type", .string(found.type))],
            for: request,
            services: services
        )
    }

    /// Sets properties, all or none of them. The answer is the entity's list.
    private func setProperties(_ request: APIRequest, of kind: EntityKind) async throws -> Reply {
        let body = try await request.jsonBody()
        let entity = try services.entity(kind, for: request, may: .write)
        let payload = try PropertyPayload(body, now: request.now.wholeSeconds)
        try services.set(payload.properties, on: entity, for: request)
        return try properties(request, of: kind)
    }

    private func deleteProperty(_ request: APIRequest, of kind: EntityKind) throws -> Reply {
        let entity = try services.entity(kind, for: request, may: .write)
        let name = request.captures[1]
        guard services.withModel({ $0.removeProperty(named: name, of: entity) }) else { throw Self.noProperty(name) }
        return Envelope.object([:], for: request, services: services)
    }

    private static func noProperty(_ name: String) -> APIError {
        APIError(.notFound, "There is no property \(name)", code: "BASESPACE.PROPERTIES.NOT_FOUND")
    }
}

extension Services {
    /// Sets properties if all that they refer to is there, and may be browsed.
    func set(_ properties: [Property], on entity: EntityID, for request: APIRequest) throws(APIError) {
        for property in properties {
            for case .reference(let reference) in property.items.map(\.content) {
                let isVisible = withModel { model in
                    model.exists(reference) && request.may(.browse, model.lineage(of: reference))
                }
                guard isVisible else {
                    throw APIError(
                        .conflict,
                        "\(property.name) refers to \(reference.href), which is not there or not to be seen",
                        code: "BASESPACE.PROPERTIES.CONTENT_REFERENCE_NOT_RESOLVED"
                    )
                }
            }
        }
        withModel { model in
            for property in properties { model.set(property, on: entity) }
        }
    }
}
