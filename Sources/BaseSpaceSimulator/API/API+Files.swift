import HTTPTypes

extension API {
    /// What the service gives at most of a list of files.
    static let fileListLimit = 1000

    static let fileRoutes = [
        Route("GET", "samples/{id}/files") { api, request in try await api.files(request) { .sample($0) } },
        Route("GET", "appresults/{id}/files") { api, request in try await api.files(request) { .appResult($0) } },
        Route("GET", "files/{id}") { api, request in try await api.file(request) },
        Route("GET", "files/{id}/content") { api, request in try await api.content(request) },
    ]

    private func files(_ request: APIRequest, of container: (Int64) -> ContainerID) async throws -> Reply {
        let page = Page(request.parameters, maximum: Self.fileListLimit, sortKeys: ["Id", "Path", "DateCreated"])
        guard let id = request.id, case let container = container(id),
            let all = services.withModel({ model in
                model.owners(of: container).map { _ in model.completeFiles(of: container) }
            })
        else { throw services.unknown("File container", request.captures.first) }
        let filter = FileFilter(request.parameters)
        let files = all.filter(filter.accepts)
        let shown = page.select(from: files) { $0.path }
        let etags = try await services.entityTags(of: shown)
        let items = services.withModel { model in
            zip(shown, etags).map { file, etag in
                model.compact(file, etag: etag, content: resolvedContent(of: file, for: request))
            }
        }
        return Envelope.list(items, total: files.count, page: page, for: request, services: services)
    }

    private func file(_ request: APIRequest) async throws -> Reply {
        let file = try knownFile(request)
        let etag = try await services.entityTags(of: [file])[0]
        let content = resolvedContent(of: file, for: request)
        let object = services.withModel { $0.full(file, etag: etag, content: content) }
        return Envelope.object(object, for: request, services: services)
    }

    /// The file that the path names.
    func knownFile(_ request: APIRequest) throws(APIError) -> File {
        guard let file = services.withModel({ model in request.id.flatMap { model.files[$0] } }) else {
            throw .unknownFile
        }
        return file
    }

    /// A signed URL for `HrefContent`, if the client asked for one with `FileHrefContentResolution` and may read.
    private func resolvedContent(of file: File, for request: APIRequest) -> String? {
        guard request.parameters.isTrue("FileHrefContentResolution"), request.grant.reads,
            file.uploadStatus == .complete
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

    private func content(_ request: APIRequest) async throws -> Reply {
        try request.requireReading("File")
        let file = try knownFile(request)
        guard file.uploadStatus == .complete else {
            throw APIError(.conflict, "The upload of the file \(file.id) is \(file.uploadStatus.rawValue)")
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

/// The filters of a list of files.
struct FileFilter: Sendable {
    private let extensions: [String]?
    /// Without slashes at its ends; nil: all.
    private let directory: String?

    init(_ parameters: Parameters) {
        extensions = parameters.list("Extensions")?.map { ($0.hasPrefix(".") ? $0 : "." + $0).lowercased() }
        directory = parameters.nonEmpty("Directory").map { $0.split(separator: "/").joined(separator: "/") }
    }

    /// `Directory` names one level: files in deeper ones are not in it.
    func accepts(_ file: File) -> Bool {
        if let extensions, !extensions.contains(where: file.name.lowercased().hasSuffix) { return false }
        guard let directory else { return true }
        return file.path.split(separator: "/").dropLast().joined(separator: "/") == directory
    }
}
