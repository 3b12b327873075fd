import HTTPTypes

extension API {
    static let datasetRoutes = [
        Route("GET", "datasets", version: .v2) { api, request in api.datasets(request, project: nil) },
        Route("GET", "projects/{id}/datasets", version: .v2) { api, request in
            api.datasets(request, project: try api.services.entity(.projects, for: request).id)
        },
        Route("GET", "datasets/{id}", version: .v2) { api, request in try api.dataset(request) },
        Route("GET", "datasets/{id}/properties", version: .v2) { api, request in try api.datasetProperties(request) },
        Route("GET", "datasets/{id}/files", version: .v2) { api, request in
            try await api.filesV2(
                request,
                of: try api.datasetContainer(request),
                keys: ["Id", "Name", "Path", "DateCreated"]
            )
        },
        Route("GET", "runs/{id}/files", version: .v2) { api, request in
            let run = try api.services.entity(.runs, for: request)
            return try await api.filesV2(request, of: .run(run.id), keys: ["Id", "Path", "DateCreated"])
        },
        Route("GET", "files/{id}", version: .v2) { api, request in
            let file = try api.knownFile(request)
            let etag = try await api.services.entityTags(of: [file])[0]
            let form = api.services.withModel { model in
                model.absolute(model.full(file, etag: etag), root: request.root)
            }
            return Envelope.object(form, for: request, services: api.services)
        },
        Route("GET", "files/{id}/content", version: .v2) { api, request in try await api.content(request) },
    ]

    private func datasets(_ request: APIRequest, project: Int64?) -> Reply {
        let keys = [
            "DateCreated", "Name", "DateModified", "AppSessionName", "ApplicationName", "ProjectName", "Size",
            "QcStatus",
        ]
        let page = Page(request.parameters, sortKeys: keys)
        let filter = DatasetFilter(request.parameters, project: project)
        let properties = Self.wantedProperties(request)
        let (items, total) = services.withModel { model in
            let all = filter.datasets(in: model).filter { dataset in
                request.browsesAll || request.may(.browse, model.lineage(of: dataset.container.entity))
            }
            let shown = page.select(from: all) { dataset, key in
                switch key {
                case "AppSessionName": model.owners(of: dataset.container)?.session.name ?? ""
                case "ProjectName": model.owners(of: dataset.container)?.project.name ?? ""
                case "Size": model.size(of: dataset.container).asSortText
                case "DateModified": dataset.created.iso8601
                case "Name": dataset.name
                default: ""
                }
            }
            let items = shown.compactMap { dataset in
                model.dataset(dataset.container, root: request.root, properties: properties)
            }
            return (items, all.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    /// The names in `propertyfilters` if `include` asks for properties; none of them for all.
    private static func wantedProperties(_ request: APIRequest) -> [String]? {
        guard request.parameters.list("Include")?.contains(where: { $0.lowercased() == "properties" }) ?? false else {
            return nil
        }
        return request.parameters.list("PropertyFilters") ?? []
    }

    private func dataset(_ request: APIRequest) throws -> Reply {
        let container = try datasetContainer(request)
        let object = services.withModel { model in model.dataset(container, root: request.root, properties: []) }
        guard let object else { throw services.missing(container.entity) }
        return Envelope.object(object, for: request, services: services)
    }

    private func datasetProperties(_ request: APIRequest) throws -> Reply {
        let container = try datasetContainer(request)
        let href = "\(request.root)/v2/datasets/\(DatasetIndex.id(of: container))"
        return propertiesV2(of: container.entity, href: href, request)
    }

    /// The Sample or AppResult that is a dataset.
    private func datasetContainer(_ request: APIRequest) throws -> ContainerID {
        guard let id = request.captures.first, let container = services.withModel({ $0.datasets[id] }) else {
            throw services.unknown("Dataset", request.captures.first)
        }
        try services.require(.browse, on: container.entity, for: request)
        return container
    }

    /// Files of a dataset or a run. Counting a run's is expensive: its list has a total only on demand.
    private func filesV2(_ request: APIRequest, of container: ContainerID, keys: [String]) async throws -> Reply {
        let page = Page(request.parameters, maximum: Self.fileListLimit, sortKeys: keys)
        let filter = FileFilter(request.parameters)
        let include = request.parameters.list("Include")?.map { $0.lowercased() } ?? []
        let (shown, total) = services.withModel { $0.page(page, of: container, filter: filter) }
        let etags = try await services.entityTags(of: shown)
        let contents = shown.map { resolvedContent(of: $0, for: request) }
        let prefix = request.parameters["PathPrefix"] ?? ""
        let items = services.withModel { model in
            shown.indices.map { index -> JSON in
                let form = model.compact(shown[index], etag: etags[index], content: contents[index])
                return model.absolute(form, root: request.root).prefixingPath(with: prefix)
            }
        }
        var more: [JSON.Member] = []
        if include.contains("subdirectories") || request.parameters.isTrue("IncludeSubdirectories") {
            more = [JSON.Member("SubDirectories", subdirectories(of: container, in: filter.directory ?? "", request))]
        }
        let isCounted = container.entity.kind != .runs || include.contains("totalcount")
        return Envelope.list(
            items,
            total: isCounted ? total : nil,
            page: page,
            more: more,
            for: request,
            services: services
        )
    }

    /// The directories directly in a directory of a container.
    private func subdirectories(of container: ContainerID, in directory: String, _ request: APIRequest) -> JSON {
        let names = services.withModel { $0.subdirectories(of: container, in: directory) }
        let path = request.incoming.path
        return .array(
            names.map { name in
                let full = directory.isEmpty ? name : "\(directory)/\(name)"
                return [
                    "Href": .string(
                        "\(request.root)\(path)?directory=/\(PercentEncoding.encode(full, keepingSlashes: true))"
                    ),
                    "Name": .string(name),
                ]
            }
        )
    }
}

extension JSON {
    /// A file whose `Path` begins with something more.
    fileprivate func prefixingPath(with prefix: String) -> JSON {
        if prefix.isEmpty { return self }
        return .object(
            members.map { member in
                member.name == "Path" ? Member("Path", .string(prefix + (member.value.text ?? ""))) : member
            }
        )
    }
}
