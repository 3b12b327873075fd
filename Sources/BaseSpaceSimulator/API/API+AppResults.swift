import HTTPTypes

extension API {
    static let appResultRoutes = [
        Route("GET", "appresults/{id}") { api, request in try api.appResult(request) }
    ]

    func appResults(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters)
        let statuses = StatusFilter(request.parameters)
        let result = services.withModel { model -> (items: [JSON], total: Int)? in
            guard let project = request.id.flatMap({ model.projects[$0] }) else { return nil }
            let appResults = project.appResults.compactMap { model.appResults[$0] }.filter {
                statuses.accepts(model.sessions[$0.session])
            }
            return (page.select(from: appResults).map { model.compact($0) }, appResults.count)
        }
        guard let result else { throw services.unknown("Project", request.captures.first) }
        return Envelope.list(result.items, total: result.total, page: page, for: request, services: services)
    }

    private func appResult(_ request: APIRequest) throws -> Reply {
        let object = services.withModel { model in
            request.id.flatMap { model.appResults[$0] }.map { model.full($0) }
        }
        guard let object else { throw services.unknown("AppResult", request.captures.first) }
        return Envelope.object(object, for: request, services: services)
    }

    /// Without a session of the client's a new one is made, Running and named after the application and the time.
    func createAppResult(_ request: APIRequest) async throws -> Reply {
        let body = try await request.incoming.body.bytes(limit: APIRequest.formSizeLimit)
        let parameters = request.parameters.merging(Parameters(body: body))
        try request.requireWriting("Project")
        guard let name = parameters.nonEmpty("Name") else {
            throw APIError(.badRequest, "An AppResult needs a Name")
        }
        let wantedSession =
            parameters.nonEmpty("appsessionid")
            ?? parameters.nonEmpty("HrefAppSession")?.split(separator: "/").last.map(String.init)
        let references = JSON(parsing: body)?["References"] ?? []
        let now = request.now
        let object = try services.withModel { (model) throws(APIError) -> JSON in
            guard let project = request.id.flatMap({ model.projects[$0] }) else {
                throw services.unknown("Project", request.captures.first)
            }
            let session: AppSession
            if let wantedSession {
                guard let known = Int64(wantedSession).flatMap({ model.sessions[$0] }) else {
                    throw services.unknown("AppSession", wantedSession)
                }
                if known.life.isFinal {
                    throw APIError(.conflict, "The AppSession \(known.id) is \(known.life.status.rawValue)")
                }
                session = known
            } else {
                let date = now.wholeSeconds
                session = AppSession(
                    id: model.makeID(),
                    name: "\(Application.name) \(now.sessionNameSuffix)",
                    life: SessionLifeCycle(status: .running, since: now),
                    statusSummary: "",
                    created: date,
                    modified: date
                )
                model.sessions.insert(session)
            }
            let appResult = AppResult(
                id: model.makeID(),
                name: name,
                description: parameters["Description"] ?? "",
                project: project.id,
                session: session.id,
                created: now.wholeSeconds,
                references: references
            )
            model.insert(appResult)
            return model.full(appResult)
        }
        return Envelope.object(object, status: .created, for: request, services: services)
    }
}
