import Digests
import HTTPTypes
import NIOPosix

extension API {
    /// Parts but the last may not be smaller (S3's bound).
    static let minimumPartSize: Int64 = 5 << 20
    static let maximumPartNumber = 10_000
    /// What S3 takes in one request.
    static let singleUploadLimit: Int64 = 5 << 30

    static let uploadRoutes = [
        Route("POST", "samples/{id}/files") { api, request in try await api.upload(request, to: .samples) },
        Route("POST", "appresults/{id}/files") { api, request in try await api.upload(request, to: .appResults) },
        Route("PUT", "files/{id}/parts/{number}") { api, request in try await api.uploadPart(request) },
        Route("GET", "files/{id}/parts") { api, request in try api.parts(request) },
        Route("POST", "files/{id}") { api, request in try await api.setUploadStatus(request) },
    ]

    // MARK: Starting

    private func upload(_ request: APIRequest, to kind: EntityKind) async throws -> Reply {
        let entity = try services.entity(kind, for: request, may: .write)
        guard let container = entity.container else { throw services.missing(entity) }
        guard let contentType = request.incoming.fields[.contentType] else {
            throw APIError(.badRequest, "An upload needs a Content-Type")
        }
        var parameters = request.parameters
        // The Java SDK sends the parameters of a multipart upload as a form, the Python SDK twice.
        if parameters["name"] == nil, contentType.lowercased().hasPrefix("application/x-www-form-urlencoded") {
            parameters = try await request.allParameters()
        }
        let path = try UploadPath(name: parameters["name"], directory: parameters["directory"]).path
        try checkAcceptsFile(at: path, in: container)

        let isMultipart = parameters.isTrue("multipart")
        let fileID = services.withModel { $0.makeFileID() }
        var file = File(
            id: fileID,
            container: container,
            path: path,
            contentType: contentType,
            size: 0,
            created: request.now.wholeSeconds,
            modified: request.now.wholeSeconds,
            uploadStatus: .pending,
            isUploaded: true
        )
        if isMultipart {
            let object = services.withModel { [file] model in
                model.insert(file)
                return model.full(file, etag: nil)
            }
            return Envelope.object(object, for: request, services: services)
        }
        if let length = request.incoming.fields[.contentLength].flatMap({ Int64($0) }), length > Self.singleUploadLimit
        {
            throw APIError(.contentTooLarge, "More than \(Self.singleUploadLimit) bytes need a multipart upload")
        }
        let location = services.uploads.file(fileID)
        do {
            let (size, md5) = try await request.incoming.body.save(to: location)
            try check(request, md5: md5.base64)
            file.size = size
            file.etag = md5.hexadecimal
            file.location = location
            file.uploadStatus = .complete
            let object = try publish(file, isNew: true)
            return Envelope.object(object, status: .created, for: request, services: services)
        } catch {
            services.uploads.remove(location)
            throw error
        }
    }

    /// Makes a file readable, if its container still takes it.
    private func publish(_ file: File, isNew: Bool) throws(APIError) -> JSON {
        try checkAcceptsFile(at: file.path, in: file.container)
        let policy = services.configuration.samePath
        return services.withModel { model in
            var file = file
            if let old = model.completeFile(at: file.path, in: file.container) {
                if policy == .duplicate { file.isDuplicate = true } else { model.remove(old) }
            }
            if isNew {
                model.insert(file)
            } else {
                model.files.update(file.id) { [file] in $0 = file }
                model.publish(file)
            }
            return model.full(file, etag: file.etag)
        }
    }

    private func checkAcceptsFile(at path: String, in container: ContainerID) throws(APIError) {
        let (session, isTaken) = services.withModel { model in
            (model.owners(of: container)?.session, model.completeFile(at: path, in: container) != nil)
        }
        if let session, !session.life.acceptsFiles {
            throw APIError(
                .forbidden,
                "The AppSession \(session.id) is \(session.life.status.rawValue): its files can't change any more",
                code: "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS"
            )
        }
        if isTaken, services.configuration.samePath == .conflict {
            throw APIError(.conflict, "There is a file \(path) already")
        }
    }

    private func check(_ request: APIRequest, md5: String) throws(APIError) {
        guard let promised = request.incoming.field("Content-MD5"), promised != md5 else { return }
        throw APIError(.badRequest, "Content-MD5 is \(promised), but the MD5 of the body is \(md5)")
    }

    // MARK: Parts

    private func uploadPart(_ request: APIRequest) async throws -> Reply {
        let file = try pendingFile(request, may: .write)
        guard let number = Int(request.captures[1]), (1...Self.maximumPartNumber).contains(number) else {
            throw APIError(.badRequest, "Parts are numbered from 1 to \(Self.maximumPartNumber)")
        }
        try checkAcceptsFile(at: file.path, in: file.container)
        let location = services.uploads.part(number, of: file.id)
        do {
            let (size, md5) = try await request.incoming.body.save(to: location)
            try check(request, md5: md5.base64)
            let part = File.Part(size: size, etag: md5.hexadecimal, location: location)
            // The upload may have been completed or aborted while the part was coming.
            _ = try pendingFile(request)
            let replaced = services.withModel { model in
                var replaced: File.Part?
                model.files.update(file.id) { replaced = $0.parts.updateValue(part, forKey: number) }
                return replaced
            }
            if let replaced { services.uploads.remove(replaced.location) }
            return Envelope.object(["ETag": .string(part.etag)], for: request, services: services)
        } catch {
            services.uploads.remove(location)
            throw error
        }
    }

    private func parts(_ request: APIRequest) throws -> Reply {
        let file = try pendingFile(request)
        let page = Page(request.parameters, maximum: Self.fileListLimit)
        let parts = file.parts.sorted { $0.key < $1.key }
        let items = parts.dropFirst(page.offset).prefix(page.limit).map { number, part -> JSON in
            ["Number": .integer(Int64(number)), "Size": .integer(part.size), "ETag": .string(part.etag)]
        }
        return Envelope.list(items, total: parts.count, page: page, for: request, services: services)
    }

    private func pendingFile(_ request: APIRequest, may access: Access = .browse) throws(APIError) -> File {
        let file = try knownFile(request, may: access)
        guard file.uploadStatus == .pending, !file.isJoining else {
            throw APIError(.conflict, "The upload of the file \(file.id) is \(file.uploadStatus.rawValue)")
        }
        return file
    }

    // MARK: Ending

    private func setUploadStatus(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        _ = try knownFile(request, may: .write)
        switch parameters["uploadstatus"]?.lowercased() {
        case "complete": return try await complete(request)
        case "aborted": return try abort(request)
        default: throw APIError(.badRequest, "uploadstatus is complete or aborted")
        }
    }

    private func abort(_ request: APIRequest) throws -> Reply {
        let file = try pendingFile(request)
        let object = services.withModel { model in
            model.files.update(file.id) {
                $0.uploadStatus = .aborted
                $0.parts = [:]
            }
            return model.files[file.id].map { model.full($0, etag: nil) } ?? .null
        }
        for part in file.parts.values {
            services.uploads.remove(part.location)
        }
        return Envelope.object(object, for: request, services: services)
    }

    private func complete(_ request: APIRequest) async throws -> Reply {
        var file = try pendingFile(request)
        try checkAcceptsFile(at: file.path, in: file.container)
        let upload = try MultipartUpload(parts: file.parts)
        // From here on no other request may touch the parts.
        let isMine = services.withModel { model in
            var isMine = false
            model.files.update(file.id) { file in
                isMine = file.uploadStatus == .pending && !file.isJoining
                file.isJoining = true
            }
            return isMine
        }
        guard isMine else { throw APIError(.conflict, "The upload of the file \(file.id) is being completed") }
        do {
            try await services.pool.runIfActive { [uploads = services.uploads, id = file.id] in
                try uploads.join(upload.locations, into: id)
            }
            file.parts = [:]
            file.size = upload.size
            file.etag = upload.etag
            file.location = services.uploads.file(file.id)
            file.uploadStatus = .complete
            file.modified = services.clock.now.wholeSeconds
            let object = try publish(file, isNew: false)
            return Envelope.object(object, for: request, services: services)
        } catch {
            // The parts are gone: the upload can't be completed any more.
            services.withModel { model in model.files.update(file.id) { $0.uploadStatus = .aborted } }
            throw error
        }
    }
}
