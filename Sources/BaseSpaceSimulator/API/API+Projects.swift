import HTTPTypes

extension API {
    static let projectRoutes = [
        Route("GET", "users/current/projects") { api, request in api.projects(request) },
        Route("GET", "users/{id}/projects") { api, request in
            guard request.id == api.services.withModel({ $0.user.id }) else {
                throw api.services.unknown("User", request.captures.first)
            }
            return api.projects(request)
        },
        Route("POST", "projects") { api, request in try await api.createProject(request) },
        Route("GET", "projects/{id}") { api, request in try api.project(request) },
        Route("GET", "projects/{id}/samples") { api, request in try api.samples(request) },
        Route("GET", "projects/{id}/appresults") { api, request in try api.appResults(request) },
        Route("POST", "projects/{id}/samples") { api, request in try await api.createSample(request) },
        Route("POST", "projects/{id}/appresults") { api, request in try await api.createAppResult(request) },
    ]

    private func projects(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters)
        let name = request.parameters.nonEmpty("Name")
        let (items, total) = services.withModel { model in
            let all = model.projects.all.filter { name == nil || $0.name == name }
            let projects = services.visible(all, .projects, for: request, in: model)
            let items = page.select(from: projects).map { project in
                model.compact(project).appending(permissions(request))
            }
            return (items, projects.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func project(_ request: APIRequest) throws -> Reply {
        let entity = try services.entity(.projects, for: request)
        let object = services.withModel { model in
            model.projects[entity.id].map { model.full($0).appending(permissions(request)) }
        }
        guard let object else { throw services.missing(entity) }
        return Envelope.object(object, for: request, services: services)
    }

    /// What the user and the token may do, for `Include=Permissions`.
    private func permissions(_ request: APIRequest) -> [JSON.Member] {
        let wanted = request.parameters.list("Include")?.contains { $0.lowercased() == "permissions" } ?? false
        guard wanted else { return [] }
        let token = [Access.browse, .read, .write].filter { request.grant.isGlobal($0) }
        return [
            JSON.Member(
                "Permissions",
                [
                    "UserOperations": ["BROWSE", "READ", "WRITE", "OWN"],
                    "AccessTokenOperations": .array(token.map { .string($0.rawValue.uppercased()) }),
                ]
            )
        ]
    }

    /// A name that its owner has already brings the existing project, with 200 instead of 201.
    private func createProject(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        try request.require("create projects", "CREATE", "Project")
        guard let name = parameters.nonEmpty("Name") else {
            throw APIError(.badRequest, "A project needs a Name")
        }
        let (object, isNew) = services.withModel { model in
            if let existing = model.projects.all.first(where: { $0.name == name }) {
                return (model.full(existing), false)
            }
            let date = request.now.wholeSeconds
            let project = Project(
                id: model.makeID(),
                name: name,
                description: parameters["Description"] ?? "",
                created: date,
                modified: date
            )
            model.projects.insert(project)
            return (model.full(project), true)
        }
        if isNew { services.record(object, .projects, madeBy: request) }
        return Envelope.object(object, status: isNew ? .created : .ok, for: request, services: services)
    }
}
