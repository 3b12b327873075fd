import HTTPTypes

extension API {
    static let runSortKeys = [
        "Id", "DateCreated", "DateModified", "ExperimentName", "LaneAndQcStatus", "NameOwnedBy", "PlatformName",
        "UserOwnedBy", "Status", "Workflow", "InstrumentName", "InstrumentSerialNumber", "TotalSize",
    ]

    static let runRoutes = [
        Route("GET", "users/current/runs") { api, request in api.runs(request) },
        Route("GET", "users/{id}/runs") { api, request in
            guard request.id == api.services.withModel({ $0.user.id }) else {
                throw api.services.unknown("User", request.captures.first)
            }
            return api.runs(request)
        },
        Route("GET", "runs/{id}") { api, request in
            try api.run(request) { model, run in model.full(run) }
        },
        Route("GET", "runs/{id}/sequencingstats") { api, request in
            try api.run(request) { model, run in model.sequencingStats(of: run) }
        },
        // Undocumented, and broken on the live service since 2019.
        Route("GET", "runs/{id}/samples") { api, request in
            throw APIError(.internalServerError, "An unexpected error occurred")
        },
    ]

    private func runs(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters, sortKeys: Self.runSortKeys)
        let filter = RunFilter(request.parameters)
        let (items, total) = services.withModel { model in
            let all = model.runs.all.filter(filter.accepts)
            let runs = services.visible(all, .runs, for: request, in: model)
            return (page.select(from: runs, by: model.sortText).map { model.compact($0) }, runs.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func run(_ request: APIRequest, _ form: (Model, Run) -> JSON) throws -> Reply {
        let entity = try services.entity(.runs, for: request)
        guard let object = services.withModel({ model in model.runs[entity.id].map { form(model, $0) } }) else {
            throw services.missing(entity)
        }
        return Envelope.object(object, for: request, services: services)
    }
}

extension Model {
    /// What runs sort by; numbers and dates as text of one width.
    func sortText(_ run: Run, _ key: String) -> String {
        switch key {
        case "DateModified": run.modified.iso8601
        case "ExperimentName": run.experimentName
        case "LaneAndQcStatus": run.laneAndQcStatus
        case "NameOwnedBy", "UserOwnedBy": user.name
        case "PlatformName": run.platform
        case "Status": run.status.rawValue
        case "InstrumentName", "InstrumentSerialNumber": run.instrument
        case "FlowcellBarcode": run.flowcellBarcode
        case "TotalSize": size(of: .run(run.id)).asSortText
        default: ""
        }
    }
}

extension Int64 {
    /// Digits with zeros in front, so that text sorts as numbers do.
    var asSortText: String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, 20 - digits.count)) + digits
    }
}

/// The filters of a list of runs, of both versions.
struct RunFilter {
    private let statuses: [String]?
    private let instrumentType: String?
    private let reagentBarcode: String?
    private let flowcellBarcode: String?
    private let experimentName: String?
    private let laneAndQcStatuses: [String]?
    private let includesLocked: Bool

    init(_ parameters: Parameters) {
        statuses = parameters.list("Statuses")?.map { $0.lowercased() }
        instrumentType = parameters.nonEmpty("InstrumentType")?.lowercased()
        reagentBarcode = parameters.nonEmpty("ReagentBarcode")
        flowcellBarcode = parameters.nonEmpty("FlowcellBarcode")
        experimentName = parameters.nonEmpty("ExperimentName")
        laneAndQcStatuses = parameters.list("LaneAndQcStatuses")?.map { $0.lowercased() }
        includesLocked = parameters.isTrue("IncludeLocked")
    }

    func accepts(_ run: Run) -> Bool {
        if run.isLocked, !includesLocked { return false }
        if let statuses, !statuses.contains(run.status.rawValue.lowercased()) { return false }
        if let instrumentType, instrumentType != run.platform.lowercased() { return false }
        if let reagentBarcode, reagentBarcode != run.reagentBarcode { return false }
        if let flowcellBarcode, flowcellBarcode != run.flowcellBarcode { return false }
        if let experimentName, experimentName != run.experimentName { return false }
        if let laneAndQcStatuses, !laneAndQcStatuses.contains(run.laneAndQcStatus.lowercased()) { return false }
        return true
    }
}
