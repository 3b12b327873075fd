import HTTPTypes

extension API {
    static let v2Routes = [
        Route("GET", "users/current", version: .v2) { api, request in
            let user = api.services.withModel { model in model.userV2(root: request.root) }
            return Envelope.object(user, for: request, services: api.services)
        },
        Route("GET", "projects/{id}", version: .v2) { api, request in
            try api.objectV2(request, .projects) { model, id in
                model.projects[id].map { model.fullV2($0, root: request.root) }
            }
        },
        Route("GET", "appsessions/{id}", version: .v2) { api, request in
            try api.objectV2(request, .sessions) { model, id in
                model.sessions[id].map { model.compactV2($0, root: request.root) }
            }
        },
        Route("GET", "runs/{id}", version: .v2) { api, request in
            try api.objectV2(request, .runs) { model, id in
                model.runs[id].map { run in
                    model.compactV2(run, root: request.root).appending([
                        JSON.Member("HrefFiles", .string("\(request.root)/v2/runs/\(id)/files"))
                    ])
                }
            }
        },
        Route("GET", "appsessions", version: .v2) { api, request in api.appSessionsV2(request) },
        Route("GET", "runs", version: .v2) { api, request in api.runsV2(request) },
        Route("GET", "biosamples", version: .v2) { api, request in api.bioSamples(request) },
        Route("GET", "biosamples/{id}", version: .v2) { api, request in try api.bioSample(request) },
        Route("GET", "biosamples/{id}/properties", version: .v2) { api, request in
            try api.bioSampleProperties(request)
        },
    ]

    private func objectV2(
        _ request: APIRequest,
        _ kind: EntityKind,
        _ form: (Model, Int64) -> JSON?
    ) throws -> Reply {
        let entity = try services.entity(kind, for: request)
        guard let object = services.withModel({ form($0, entity.id) }) else { throw services.missing(entity) }
        return Envelope.object(object, for: request, services: services)
    }

    private func appSessionsV2(_ request: APIRequest) -> Reply {
        let keys = ["Id", "Name", "AppId", "ExecutionStatus", "ModifiedOn", "DateCreated", "AppName", "TotalSize"]
        let page = Page(request.parameters, sortKeys: keys)
        let filter = SessionFilter(request.parameters)
        let (items, total) = services.withModel { model in
            let all = model.sessions.all.filter { filter.accepts($0, in: model) }
            let sessions = services.visible(all, .sessions, for: request, in: model)
            let shown = page.select(from: sessions) { session, key in
                switch key {
                case "AppId": session.application.asSortText
                case "AppName": model.applications[session.application]?.name ?? ""
                case "ExecutionStatus": session.life.status.rawValue
                case "ModifiedOn": session.modified.iso8601
                case "TotalSize": model.size(of: session).asSortText
                default: session.name
                }
            }
            return (shown.map { model.compactV2($0, root: request.root) }, sessions.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func runsV2(_ request: APIRequest) -> Reply {
        let keys = [
            "Id", "DateCreated", "ExperimentName", "FlowcellBarcode", "LaneAndQcStatus", "PlatformName", "Status",
            "InstrumentName", "TotalSize",
        ]
        let page = Page(request.parameters, sortKeys: keys)
        let filter = RunFilter(request.parameters)
        let (items, total) = services.withModel { model in
            let runs = services.visible(model.runs.all.filter(filter.accepts), .runs, for: request, in: model)
            let shown = page.select(from: runs, by: model.sortText)
            return (shown.map { model.compactV2($0, root: request.root) }, runs.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    // MARK: BioSamples

    /// An unknown sort key (`Name` is one, the key is `BioSampleName`) falls back to Id, as was recorded.
    private func bioSamples(_ request: APIRequest) -> Reply {
        let keys = [
            "Id", "BioSampleName", "Nickname", "DateModified", "UserOwnedBy", "Project", "Subject", "LabStatus",
            "Status",
        ]
        let page = Page(request.parameters, sortKeys: keys)
        let project = request.parameters.nonEmpty("ProjectId")
        let name = request.parameters.nonEmpty("BioSampleName")
        let (items, total) = services.withModel { model in
            let bioSamples = model.bioSamples.all.filter { bioSample in
                (project == nil || project == String(bioSample.project)) && (name == nil || name == bioSample.name)
                    && isVisible(bioSample, to: request, in: model)
            }
            let shown = page.select(from: bioSamples) { bioSample, key in
                switch key {
                case "Project": model.projects[bioSample.project]?.name ?? ""
                case "DateModified": bioSample.created.iso8601
                case "BioSampleName": bioSample.name
                default: ""
                }
            }
            return (shown.map { model.compactV2($0, root: request.root) }, bioSamples.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    private func bioSample(_ request: APIRequest) throws -> Reply {
        let bioSample = try knownBioSample(request)
        let object = services.withModel { model in model.compactV2(bioSample, root: request.root) }
        return Envelope.object(object, for: request, services: services)
    }

    /// What has set the properties of a biosample of the live service is not known. Here it has those of its first sample: a
    /// choice.
    private func bioSampleProperties(_ request: APIRequest) throws -> Reply {
        let id = try knownBioSample(request).id
        return propertiesV2(of: EntityID(.samples, id), href: "\(request.root)/v2/biosamples/\(id)", request)
    }

    private func knownBioSample(_ request: APIRequest) throws -> BioSample {
        let known = services.withModel { model -> BioSample? in
            guard let bioSample = request.id.flatMap({ model.bioSamples[$0] }),
                isVisible(bioSample, to: request, in: model)
            else { return nil }
            return bioSample
        }
        guard let known else { throw services.unknown("BioSample", request.captures.first) }
        return known
    }

    private func isVisible(_ bioSample: BioSample, to request: APIRequest, in model: Model) -> Bool {
        model.projects[bioSample.project] != nil
            && (request.browsesAll || request.may(.browse, [EntityID(.projects, bioSample.project)]))
    }
}
