internal import HTTPTransport

extension BaseSpaceClient {
    /// The user whose token it is.
    public func currentUser() async throws(BaseSpaceError) -> User {
        try await value(.get(["v1pre3", "users", "current"]))
    }

    /// All projects that the user can see, shared ones included.
    public func projects() async throws(BaseSpaceError) -> [Project] {
        try await collection(["v1pre3", "users", "current", "projects"], id: \.id)
    }

    /// A project's samples.
    public func samples(of projectID: EntityID) async throws(BaseSpaceError) -> [Sample] {
        try await collection(["v1pre3", "projects", projectID.rawValue, "samples"], id: \.id)
    }

    /// A project's AppResults.
    public func appResults(of projectID: EntityID) async throws(BaseSpaceError) -> [AppResult] {
        try await collection(["v1pre3", "projects", projectID.rawValue, "appresults"], id: \.id)
    }

    /// An AppResult in full.
    public func appResult(_ id: EntityID) async throws(BaseSpaceError) -> AppResult {
        try await value(.get(["v1pre3", "appresults", id.rawValue]))
    }

    /// A container's files: all of them, whatever their directory, each once.
    ///
    /// - Parameter resolvingContent: Whether each file brings its signed URL with it, which saves a call per file that is
    ///   read; half a kilobyte of memory for each, which counts with a run's 100,000 files.
    public func files(
        of container: FileContainer,
        resolvingContent: Bool = true
    ) async throws(BaseSpaceError) -> [RemoteFile] {
        var files = MergedPages<RemoteFile>(id: \.id)
        try await self.files(of: container, resolvingContent: resolvingContent) { files.append($0) }
        return files.items
    }

    /// The same, handed over one after the other and in the order of the list, as soon as those before it are there. A file
    /// may come twice when the list changes meanwhile.
    ///
    /// - Parameter expected: How many files there may be: a hint, so that more than the first page is asked for at once.
    public func files(
        of container: FileContainer,
        resolvingContent: Bool,
        expecting expected: Int = 0,
        _ receive: (borrowing RemoteFile) -> Void
    ) async throws(BaseSpaceError) {
        let query = resolvingContent ? [("FileHrefContentResolution", "true")] : []
        let segments = container.segments + ["files"]
        try await eachItem(of: segments, query: query, expecting: expected, reader: FilePageReader.read) { file in
            guard isOwnLink(file.contentLink) else { return receive(file) }
            var file = copy file
            file.contentLink = nil
            receive(file)
        }
    }

    /// A file in full.
    public func file(_ id: EntityID) async throws(BaseSpaceError) -> RemoteFile {
        var file: RemoteFile = try await value(.get(["v1pre3", "files", id.rawValue]))
        if isOwnLink(file.contentLink) {
            file.contentLink = nil
        }
        return file
    }

    /// Where a file's bytes are to be had.
    public func contentLocation(of fileID: EntityID) async throws(BaseSpaceError) -> ContentLocation {
        let endpoint = Endpoint.get(["v1pre3", "files", fileID.rawValue, "content"], query: [("redirect", "meta")])
        let reply: ContentReply = try await value(endpoint)
        do throws(HTTPTransportError) {
            return ContentLocation(url: try server.resolving(reply.link), expires: reply.expires)
        } catch {
            throw BaseSpaceError(
                kind: .undecodable,
                message: "the location of the content can't be used: \(error.message)",
                endpoint: endpoint.description
            )
        }
    }

    /// An AppSession in full.
    public func appSession(_ id: EntityID) async throws(BaseSpaceError) -> AppSession {
        try await value(.get(["v1pre3", "appsessions", id.rawValue]))
    }

    /// A link to the API itself is no signed URL, even with a query.
    private func isOwnLink(_ link: SignedLink?) -> Bool {
        guard let link, link.mayLead(to: server.host) else { return false }
        return link.url?.url.hasSameOrigin(as: server) == true
    }
}
