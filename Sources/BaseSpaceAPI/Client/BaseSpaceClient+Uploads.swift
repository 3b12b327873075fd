public import HTTPTransport

extension BaseSpaceClient: UploadService {
    /// For answers that come only after the service has stored the bytes elsewhere: it joins 10,000 parts at the end.
    private static let uploadDeadlines = HTTPDeadlines(firstByte: .seconds(180))

    /// Uploads a file in a single request. Repeated only when the service surely did not take it (not sent, 429, 503): after
    /// 500, 502 and 504 it may have, and nothing documents that it would refuse the file the second time. Whoever calls
    /// this looks whether it is there before sending it again.
    public func uploadFile(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer,
        body: HTTPBody
    ) async throws(BaseSpaceError) -> RemoteFile {
        var endpoint = try fileCreation(named: name, directory: directory, contentType: contentType, in: container)
        endpoint.body = body
        return try await value(endpoint)
    }

    /// Begins an upload in parts.
    ///
    /// An upload whose answer was lost stays open at the service, without an id for anybody to end it by: listings of v1
    /// show complete files only, and no documented call finds an open upload by its path. It has no bytes, shows
    /// nowhere, and can neither be used nor aborted. That is also why this is repeated after 500, 502 and 504: the
    /// worst that a repetition leaves is one more of them.
    public func beginMultipartUpload(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer
    ) async throws(BaseSpaceError) -> RemoteFile {
        var endpoint = try fileCreation(named: name, directory: directory, contentType: contentType, in: container)
        endpoint.lane = .metadata
        endpoint.retries = .refused
        endpoint.query.append(("multipart", "true"))
        return try await value(endpoint)
    }

    /// Uploads a part. Repeated whenever an attempt failed in passing: the same bytes take the same place.
    public func uploadPart(
        _ number: Int,
        of fileID: EntityID,
        body: HTTPBody,
        md5: String
    ) async throws(BaseSpaceError) -> String {
        let reply: PartReply = try await value(
            Endpoint(
                method: .put,
                segments: ["v1pre3", "files", fileID.rawValue, "parts", String(number)],
                headers: ["Content-MD5": md5, "Content-Type": "application/octet-stream"],
                body: body,
                deadlines: Self.uploadDeadlines,
                lane: .upload
            )
        )
        return reply.etag
    }

    /// Joins the parts. When an earlier attempt did so and its answer was lost, the service may refuse the next one
    /// with 409; then the file says how it is.
    public func completeMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError) -> RemoteFile {
        do throws(BaseSpaceError) {
            return try await value(uploadEnd(of: fileID, "complete"))
        } catch {
            guard error.status == 409, let file = try? await file(fileID), file.uploadStatus == .complete else {
                throw error
            }
            return file
        }
    }

    /// Gives an upload up.
    public func abortMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError) {
        _ = try await response(uploadEnd(of: fileID, "aborted"))
    }

    private func uploadEnd(of fileID: EntityID, _ status: String) -> Endpoint {
        Endpoint(
            method: .post,
            segments: ["v1pre3", "files", fileID.rawValue],
            query: [("uploadstatus", status)],
            deadlines: Self.uploadDeadlines,
            retries: .idempotent
        )
    }

    private func fileCreation(
        named name: String,
        directory: String,
        contentType: String,
        in container: FileContainer
    ) throws(BaseSpaceError) -> Endpoint {
        var endpoint = Endpoint.create(container.segments + ["files"], query: [("name", name)])
        if !directory.isEmpty {
            endpoint.query.append(("directory", directory))
        }
        endpoint.headers["Content-Type"] = contentType
        endpoint.deadlines = Self.uploadDeadlines
        endpoint.lane = .upload
        guard container.takesUploads else {
            throw .invalid("\(container) takes no uploads; upload to an AppResult or a sample", endpoint)
        }
        return endpoint
    }
}
