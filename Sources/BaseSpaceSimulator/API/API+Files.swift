import HTTPTypes

extension API {
    /// What the service gives at most of a list of files.
    static let fileListLimit = 1000

    static let fileRoutes = [
        Route("GET", "samples/{id}/files") { api, request in try await api.files(request, of: .samples) },
        Route("GET", "appresults/{id}/files") { api, request in try await api.files(request, of: .appResults) },
        Route("GET", "runs/{id}/files") { api, request in try await api.files(request, of: .runs) },
        Route("GET", "files/{id}") { api, request in try await api.file(request) },
        Route("GET", "files/{id}/content") { api, request in try await api.content(request) },
    ]

    private func files(_ request: APIRequest, of kind: EntityKind) async throws -> Reply {
        let page = Page(request.parameters, maximum: Self.fileListLimit, sortKeys: ["Id", "Path", "DateCreated"])
        let entity = try services.entity(kind, for: request)
        guard let container = entity.container else { throw services.missing(entity) }
        let filter = FileFilter(request.parameters)
        let (shown, total) = services.withModel { $0.page(page, of: container, filter: filter) }
        let etags = try await services.entityTags(of: shown)
        let contents = shown.map { resolvedContent(of: $0, for: request) }
        let items = services.withModel { model in
            shown.indices.map { model.compact(shown[$0], etag: etags[$0], content: contents[$0]) }
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }

    func file(_ request: APIRequest) async throws -> Reply {
        let file = try knownFile(request)
        let etag = try await services.entityTags(of: [file])[0]
        let content = resolvedContent(of: file, for: request)
        let object = services.withModel { $0.full(file, etag: etag, content: content) }
        return Envelope.object(object, for: request, services: services)
    }

    /// The file that the path names.
    func knownFile(_ request: APIRequest, may access: Access = .browse) throws(APIError) -> File {
        let entity = try services.entity(.files, for: request, may: access)
        guard let file = services.withModel({ $0.files[entity.id] }) else { throw services.missing(entity) }
        return file
    }

    /// A signed URL for `HrefContent`, if the client asked for one with `FileHrefContentResolution` and may read.
    func resolvedContent(of file: File, for request: APIRequest) -> String? {
        guard request.parameters.isTrue("FileHrefContentResolution"), file.uploadStatus == .complete,
            !file.isArchived,
            request.grant.isGlobal(.read)
                || request.may(.read, services.withModel { $0.lineage(of: EntityID(.files, file.id)) })
        else { return nil }
        return location(of: file, now: request.now).url
    }

    private func location(of file: File, now: ServiceDate) -> (url: String, expires: ServiceDate) {
        let lifetime = services.configuration.urlLifetime
        let url = services.signer.url(
            base: objectStoreURL,
            key: Model.key(of: file),
            fileName: file.name,
            contentType: file.contentType,
            expires: (now + lifetime).seconds
        )
        // The live service promises two minutes less than the signature holds.
        let lead = min(Duration.seconds(120), lifetime / 5)
        return (url, now + (lifetime - lead))
    }

    // MARK: Content

    func content(_ request: APIRequest) async throws -> Reply {
        let file = try knownFile(request, may: .read)
        guard file.uploadStatus == .complete else {
            throw APIError(.conflict, "The upload of the file \(file.id) is \(file.uploadStatus.rawValue)")
        }
        if file.isArchived {
            throw APIError(.forbidden, "The file \(file.id) is archived: it has to be restored before it is downloaded")
        }
        let location = location(of: file, now: request.now)
        switch request.parameters["redirect"]?.lowercased() {
        case "meta":
            let object: JSON = [
                "Expires": .string(location.expires.iso8601), "HrefContent": .string(location.url),
                "SupportsRange": true,
            ]
            var reply = Envelope.object(object, for: request, services: services)
            reply.set("Accept-Ranges", "bytes")
            reply.set("Expires", location.expires.http)
            return reply
        case "false", "proxy":
            let etag = try await services.entityTags(of: [file])[0]
            var reply = Envelope.reply(.ok, services: services)
            FileContent(file: file, etag: etag ?? "").fill(&reply, incoming: request.incoming)
            return reply
        default:
            var reply = Envelope.reply(.found, services: services)
            reply.set("Location", location.url)
            reply.fields[.contentLength] = "0"
            return reply
        }
    }
}
