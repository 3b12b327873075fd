import HTTPTypes

extension API {
    static let sampleRoutes = [
        Route("GET", "samples/{id}") { api, request in try api.sample(request) }
    ]

    func samples(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters)
        let statuses = StatusFilter(request.parameters)
        let entity = try services.entity(.projects, for: request)
        let result = services.withModel { model in
            let samples = (model.projects[entity.id]?.samples ?? []).sorted().compactMap { model.samples[$0] }.filter {
                statuses.accepts(model.sessions[$0.session])
            }
            return (items: page.select(from: samples).map { model.compact($0) }, total: samples.count)
        }
        return Envelope.list(result.items, total: result.total, page: page, for: request, services: services)
    }

    private func sample(_ request: APIRequest) throws -> Reply {
        let entity = try services.entity(.samples, for: request)
        guard let object = services.withModel({ model in model.samples[entity.id].map { model.full($0) } }) else {
            throw services.missing(entity)
        }
        return Envelope.object(object, for: request, services: services)
    }

    /// A sample of a client's own, in a session that exists or in a new one.
    func createSample(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        let project = try services.entity(.projects, for: request, may: .create)
        guard let name = parameters.nonEmpty("Name") else { throw APIError(.badRequest, "A sample needs a Name") }
        let wanted = try session(for: request, parameters)
        let object = services.withModel { model in
            let sample = Sample(
                id: model.makeID(),
                name: name,
                project: project.id,
                session: wanted ?? model.makeSession(at: request.now),
                created: request.now.wholeSeconds,
                sampleID: parameters.nonEmpty("SampleId"),
                experimentName: parameters["ExperimentName"] ?? "",
                reads: (
                    parameters["Read1"].flatMap { Int64($0) } ?? 151, parameters["Read2"].flatMap { Int64($0) } ?? 0
                ),
                clusters: parameters["NumReadsPF"].flatMap { Int64($0) } ?? 0
            )
            model.insert(sample)
            return model.full(sample)
        }
        services.record(object, .samples, madeBy: request)
        return Envelope.object(object, status: .created, for: request, services: services)
    }

    /// The session that a client names for a new sample or AppResult; nil if it names none.
    func session(for request: APIRequest, _ parameters: Parameters) throws(APIError) -> Int64? {
        let link = parameters.nonEmpty("HrefAppSession")?.split(separator: "/").last.map(String.init)
        guard let wanted = parameters.nonEmpty("appsessionid") ?? link else { return nil }
        guard let id = Int64(wanted) else { throw services.unknown("AppSession", wanted) }
        try services.require(.write, on: EntityID(.sessions, id), for: request)
        let status = services.withModel { $0.sessions[id]?.life.status }
        if let status, [.complete, .aborted].contains(status) {
            throw APIError(.conflict, "The AppSession \(id) is \(status.rawValue)")
        }
        return id
    }
}

extension Model {
    /// A session that is Running, for what a client makes without one: named after the application and the time.
    mutating func makeSession(at now: ServiceDate) -> Int64 {
        let session = AppSession(
            id: makeID(),
            name: "\(Application.name) \(now.sessionNameSuffix)",
            life: SessionLifeCycle(status: .running, since: now),
            statusSummary: "",
            created: now.wholeSeconds,
            modified: now.wholeSeconds
        )
        insert(session)
        return session.id
    }
}

/// The `Statuses` parameter: a comma list, in any case.
struct StatusFilter {
    private let statuses: [String]?

    init(_ parameters: Parameters) {
        statuses = parameters.list("Statuses")?.map { $0.lowercased() }
    }

    func accepts(_ session: AppSession?) -> Bool {
        guard let statuses else { return true }
        return statuses.contains(session?.life.status.rawValue.lowercased() ?? "")
    }
}
