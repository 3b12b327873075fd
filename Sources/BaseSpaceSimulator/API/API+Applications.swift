import HTTPTypes

extension API {
    static let applicationRoutes = [
        Route("GET", "applications") { api, request in
            let page = Page(request.parameters)
            let all = api.services.withModel { $0.applications.all }
            let items = page.select(from: all).map(\.compact)
            return Envelope.list(items, total: all.count, page: page, for: request, services: api.services)
        },
        Route("GET", "applications/{id}") { api, request in
            let application = try api.application(request)
            return Envelope.object(application.compact, for: request, services: api.services)
        },
        Route("POST", "applications/{id}/appsessions") { api, request in try await api.launch(request) },
    ]

    private func application(_ request: APIRequest) throws(APIError) -> Application {
        let application = services.withModel { model in request.id.flatMap { model.applications[$0] } }
        guard let application else { throw services.unknown("Application", request.captures.first) }
        return application
    }

    /// Starts an application: a session with the properties of the payload, which runs by the simulated clock.
    ///
    /// `{Name, StatusSummary, AutoStart, Properties}`; with `AutoStart` false the session waits in PendingExecution, a
    /// choice of the simulator's, as is `LaunchPayload` in the full session.
    private func launch(_ request: APIRequest) async throws -> Reply {
        let body = try await request.jsonBody()
        try request.require("start applications", "START", "Application")
        let application = try application(request)
        guard let body, case .object = body else { throw Self.invalidForm("the body is no JSON object") }
        guard let name = body["Name"]?.text, !name.isEmpty else { throw Self.invalidForm("Name is missing") }
        let summary = body["StatusSummary"]?.text ?? ""
        guard summary.count <= Self.statusSummaryLimit else {
            throw Self.invalidForm("StatusSummary has more than \(Self.statusSummaryLimit) characters")
        }
        var properties: [Property] = []
        if body["Properties"] != nil {
            do {
                properties = try PropertyPayload(body, now: request.now.wholeSeconds).properties
            } catch {
                throw Self.invalidForm(error.message)
            }
        }
        var isStarted = true
        if case .bool(let value)? = body["AutoStart"] { isStarted = value }
        let session = services.withModel { model in
            let session = AppSession(
                id: model.makeID(),
                name: name,
                life: SessionLifeCycle(
                    status: isStarted ? .running : .pendingExecution,
                    since: request.now,
                    runTime: services.configuration.launchRunTime
                ),
                statusSummary: summary,
                created: request.now.wholeSeconds,
                modified: request.now.wholeSeconds,
                application: application.id,
                purpose: "AppTrigger",
                launchPayload: body
            )
            model.insert(session)
            return EntityID(.sessions, session.id)
        }
        do {
            try services.set(properties, on: session, for: request)
        } catch {
            services.withModel { model in
                _ = model.remove(session)
                model.gone.remove(session)
            }
            throw Self.invalidForm(error.message)
        }
        services.tokens.record(session, madeBy: request.token)
        let object = services.withModel { model in model.sessions[session.id].map { model.full($0) } ?? .null }
        return Envelope.object(object, status: .created, for: request, services: services)
    }

    private static func invalidForm(_ detail: String) -> APIError {
        APIError(.conflict, "Conflict: form validation found some errors: \(detail)")
    }
}
