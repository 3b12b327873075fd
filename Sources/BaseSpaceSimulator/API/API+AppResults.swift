import HTTPTypes

extension API {
    static let appResultRoutes = [
        Route("GET", "appresults/{id}") { api, request in try api.appResult(request) }
    ]

    func appResults(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters)
        let statuses = StatusFilter(request.parameters)
        let entity = try services.entity(.projects, for: request)
        let result = services.withModel { model in
            let appResults = (model.projects[entity.id]?.appResults ?? []).sorted().compactMap { model.appResults[$0] }
                .filter {
                    statuses.accepts(model.sessions[$0.session])
                }
            return (items: page.select(from: appResults).map { model.compact($0) }, total: appResults.count)
        }
        return Envelope.list(result.items, total: result.total, page: page, for: request, services: services)
    }

    private func appResult(_ request: APIRequest) throws -> Reply {
        let entity = try services.entity(.appResults, for: request)
        guard let object = services.withModel({ model in model.appResults[entity.id].map { model.full($0) } }) else {
            throw services.missing(entity)
        }
        return Envelope.object(object, for: request, services: services)
    }

    /// Without a session of the client's a new one is made, Running and named after the application and the time.
    func createAppResult(_ request: APIRequest) async throws -> Reply {
        let body = try await request.incoming.body.bytes(limit: APIRequest.formSizeLimit)
        let parameters = request.parameters.merging(Parameters(body: body))
        let project = try services.entity(.projects, for: request, may: .create)
        guard let name = parameters.nonEmpty("Name") else {
            throw APIError(.badRequest, "An AppResult needs a Name")
        }
        let wanted = try session(for: request, parameters)
        let references = JSON(parsing: body)?["References"] ?? []
        let object = services.withModel { model in
            let appResult = AppResult(
                id: model.makeID(),
                name: name,
                description: parameters["Description"] ?? "",
                project: project.id,
                session: wanted ?? model.makeSession(at: request.now),
                created: request.now.wholeSeconds,
                references: references
            )
            model.insert(appResult)
            return model.full(appResult)
        }
        services.record(object, .appResults, madeBy: request)
        if wanted == nil, let session = object["AppSession"] {
            services.record(session, .sessions, madeBy: request)
        }
        return Envelope.object(object, status: .created, for: request, services: services)
    }
}
