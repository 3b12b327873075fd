import HTTPTypes

extension API {
    /// What the service takes as a status summary.
    static let statusSummaryLimit = 128

    static let appSessionRoutes = [
        Route("GET", "users/current/appsessions") { api, request in api.appSessions(request) },
        Route("GET", "appsessions/{id}") { api, request in try api.appSession(request) },
        Route("POST", "appsessions/{id}") { api, request in try await api.updateAppSession(request) },
        Route("GET", "appsessions/{id}/appresults") { api, request in try api.appResultsOfSession(request) },
    ]

    private func appSessions(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters)
        let status = request.parameters.nonEmpty("Status")?.lowercased()
        let (items, total) = services.withModel { model in
            let sessions = model.sessions.all.filter { status == nil || $0.life.status.rawValue.lowercased() == status }
            return (page.select(from: sessions).map { model.compact($0) }, sessions.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func appSession(_ request: APIRequest) throws -> Reply {
        let object = services.withModel { model in request.id.flatMap { model.sessions[$0] }.map { model.full($0) } }
        guard let object else { throw services.unknown("AppSession", request.captures.first) }
        return Envelope.object(object, for: request, services: services)
    }

    private func appResultsOfSession(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters)
        let result = services.withModel { model -> (items: [JSON], total: Int)? in
            guard let session = request.id.flatMap({ model.sessions[$0] }) else { return nil }
            let appResults = session.containers.compactMap { container -> AppResult? in
                guard case .appResult(let id) = container else { return nil }
                return model.appResults[id]
            }
            return (page.select(from: appResults).map { model.compact($0) }, appResults.count)
        }
        guard let result else { throw services.unknown("AppSession", request.captures.first) }
        return Envelope.list(result.items, total: result.total, page: page, for: request, services: services)
    }

    /// Changes a session's status, its summary or both; parameters come in the query, a form or JSON.
    private func updateAppSession(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        try request.requireWriting("AppSession")
        let summary = parameters["StatusSummary"]
        if let summary, summary.count > Self.statusSummaryLimit {
            throw APIError(.badRequest, "StatusSummary has more than \(Self.statusSummaryLimit) characters")
        }
        let command = parameters.nonEmpty("Status")
        let status = command.flatMap { SessionLifeCycle.Status(command: $0) }
        if let command, status == nil { throw APIError(.badRequest, "\(command) is not a status that can be set") }

        let now = request.now
        let object = try services.withModel { (model) throws(APIError) -> JSON in
            guard var session = request.id.flatMap({ model.sessions[$0] }) else {
                throw services.unknown("AppSession", request.captures.first)
            }
            let isFinal = APIError(.conflict, "The AppSession \(session.id) is \(session.life.status.rawValue)")
            if session.life.isFinal { throw isFinal }
            if let status {
                do { try session.life.enter(status, at: now) } catch { throw isFinal }
            }
            if let summary { session.statusSummary = summary }
            session.modified = now.wholeSeconds
            if session.life.isFinal { session.completed = now.wholeSeconds }
            model.sessions.update(session.id) { $0 = session }
            return model.full(session)
        }
        return Envelope.object(object, for: request, services: services)
    }
}
