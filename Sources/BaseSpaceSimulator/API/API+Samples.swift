extension API {
    static let sampleRoutes = [
        Route("GET", "samples/{id}") { api, request in try api.sample(request) }
    ]

    func samples(_ request: APIRequest) throws -> Reply {
        let page = Page(request.parameters)
        let statuses = StatusFilter(request.parameters)
        let result = services.withModel { model -> (items: [JSON], total: Int)? in
            guard let project = request.id.flatMap({ model.projects[$0] }) else { return nil }
            let samples = project.samples.compactMap { model.samples[$0] }.filter {
                statuses.accepts(model.sessions[$0.session])
            }
            return (page.select(from: samples).map { model.compact($0) }, samples.count)
        }
        guard let result else { throw services.unknown("Project", request.captures.first) }
        return Envelope.list(result.items, total: result.total, page: page, for: request, services: services)
    }

    private func sample(_ request: APIRequest) throws -> Reply {
        let object = services.withModel { model in request.id.flatMap { model.samples[$0] }.map { model.full($0) } }
        guard let object else { throw services.unknown("Sample", request.captures.first) }
        return Envelope.object(object, for: request, services: services)
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
