import HTTPTypes

extension API {
    /// What the service takes as a status summary.
    static let statusSummaryLimit = 128

    static let appSessionRoutes = [
        Route("GET", "users/current/appsessions") { api, request in api.appSessions(request) },
        Route("GET", "appsessions/{id}") { api, request in try api.appSession(request) },
        Route("POST", "appsessions/{id}") { api, request in try await api.updateAppSession(request) },
        Route("GET", "appsessions/{id}/appresults") { api, request in
            try api.containers(of: request) { model, ids, page in
                page.select(from: ids.compactMap { model.appResults[$0.id] }).map { model.compact($0) }
            }
        },
        // A choice of the simulator's: no public source has this path.
        Route("GET", "appsessions/{id}/samples") { api, request in
            try api.containers(of: request, .samples) { model, ids, page in
                page.select(from: ids.compactMap { model.samples[$0.id] }).map { model.compact($0) }
            }
        },
        Route("GET", "appsessions/{id}/filesets/{number}") { api, request in try api.logs(request) },
        Route("GET", "appsessions/{id}/filesets/{number}/files") { api, request in try api.logFiles(request) },
    ]

    private func appSessions(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters)
        let filter = SessionFilter(request.parameters)
        let includesProperties = request.parameters.list("Include")?.contains { $0.lowercased() == "properties" }
        let (items, total) = services.withModel { model in
            let all = model.sessions.all.filter { filter.accepts($0, in: model) }
            let sessions = services.visible(all, .sessions, for: request, in: model)
            let items = page.select(from: sessions).map { session in
                let more = JSON.Member("Properties", model.propertyContainer(of: EntityID(.sessions, session.id)))
                return model.compact(session).appending(includesProperties ?? false ? [more] : [])
            }
            return (items, sessions.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func appSession(_ request: APIRequest) throws -> Reply {
        let entity = try services.entity(.sessions, for: request)
        guard let object = services.withModel({ model in model.sessions[entity.id].map { model.full($0) } }) else {
            throw services.missing(entity)
        }
        return Envelope.object(object, for: request, services: services)
    }

    /// The samples or the AppResults of a session.
    private func containers(
        of request: APIRequest,
        _ kind: EntityKind = .appResults,
        _ forms: (Model, [EntityID], Page) -> [JSON]
    ) throws -> Reply {
        let page = Page(request.parameters)
        let entity = try services.entity(.sessions, for: request)
        let (items, total) = services.withModel { model in
            let ids = (model.sessions[entity.id]?.containers ?? []).map(\.entity)
                .filter { $0.kind == kind && model.exists($0) }.sorted { $0.id < $1.id }
            return (forms(model, ids, page), ids.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    // MARK: Logs

    /// `HrefLogs` leads here; every session has one file set. Its shape is a guess.
    private func logs(_ request: APIRequest) throws -> Reply {
        let entity = try services.entity(.sessions, for: request)
        let number = try fileSet(request)
        let href = "\(entity.href)/filesets/\(number)"
        return Envelope.object(
            ["Id": .string(String(number)), "Href": .string(href), "HrefFiles": .string("\(href)/files")],
            for: request,
            services: services
        )
    }

    private func logFiles(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters, maximum: Self.fileListLimit, sortKeys: ["Id", "Path", "DateCreated"])
        let entity = try services.entity(.sessions, for: request)
        _ = try fileSet(request)
        let (items, total) = services.withModel { model in
            let (files, total) = model.page(page, of: .logs(entity.id), filter: FileFilter(request.parameters))
            return (files.map { model.compact($0, etag: $0.etag) }, total)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func fileSet(_ request: APIRequest) throws(APIError) -> Int {
        guard request.captures[1] == "1" else { throw services.unknown("FileSet", request.captures[1]) }
        return 1
    }

    // MARK: Changes

    /// Changes a session's status, its summary or both; parameters come in the query, a form or JSON.
    private func updateAppSession(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        let entity = try services.entity(.sessions, for: request, may: .write)
        let summary = parameters["StatusSummary"]
        if let summary, summary.count > Self.statusSummaryLimit {
            throw APIError(.badRequest, "StatusSummary has more than \(Self.statusSummaryLimit) characters")
        }
        let command = parameters.nonEmpty("Status")
        let status = command.flatMap { SessionLifeCycle.Status(command: $0) }
        if let command, status == nil { throw APIError(.badRequest, "\(command) is not a status that can be set") }

        let now = request.now
        let object = try services.withModel { (model) throws(APIError) -> JSON in
            guard var session = model.sessions[entity.id] else { throw services.unknown("AppSession", "\(entity.id)") }
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

/// The filters of a list of sessions, of both versions.
struct SessionFilter {
    private let statuses: [String]?
    private let applications: [String]?
    private let projects: [String]?
    private let user: String?
    private let name: String?

    init(_ parameters: Parameters) {
        statuses = (parameters.list("Status") ?? parameters.list("ExecutionStatus"))?.map { $0.lowercased() }
        applications = parameters.list("AppId")
        projects = parameters.list("Output.Projects") ?? parameters.list("OutputProjects")
        user = parameters.nonEmpty("UserCreatedBy")
        name = parameters.nonEmpty("Name")
    }

    func accepts(_ session: AppSession, in model: Model) -> Bool {
        if let statuses, !statuses.contains(session.life.status.rawValue.lowercased()) { return false }
        if let applications, !applications.contains(String(session.application)) { return false }
        if let user, user != String(model.user.id), user.lowercased() != "current" { return false }
        if let name, session.name != name { return false }
        guard let projects else { return true }
        // A project is a session's output if a container of the session is in it, or if its property says so.
        let made = session.containers.contains { container in
            model.owners(of: container).map { projects.contains(String($0.project.id)) } ?? false
        }
        return made
            || model.properties(of: EntityID(.sessions, session.id)).contains { property in
                property.name.lowercased() == "output.projects"
                    && property.items.contains { item in
                        if case .reference(let entity) = item.content {
                            projects.contains(String(entity.id))
                        } else {
                            false
                        }
                    }
            }
    }
}
