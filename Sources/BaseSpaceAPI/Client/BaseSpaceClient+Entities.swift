internal import HTTPTransport

extension BaseSpaceClient {
    // MARK: Collections of v1pre3

    /// The runs that the user can see. (SDK; third-party clients)
    public func runs() async throws(BaseSpaceError) -> [Run] {
        try await collection(["v1pre3", "users", "current", "runs"], id: \.id)
    }

    /// The user's AppSessions, those that run included. (SDK)
    public func appSessions() async throws(BaseSpaceError) -> [AppSession] {
        try await collection(["v1pre3", "users", "current", "appsessions"], id: \.id)
    }

    /// A session's AppResults, which may be in several projects. (Third-party client)
    public func appResults(ofSession id: EntityID) async throws(BaseSpaceError) -> [AppResult] {
        try await collection(EntityKind.appSession.segments(id) + ["appresults"], id: \.id)
    }

    /// The samples that a session made.
    ///
    /// No collection of them is known. By convention they are the values of the session's property `Output.Samples`
    /// (Illumina's documentation of runs; SDK), whose items are samples in their compact form. Those
    /// that were removed are left out.
    public func samples(ofSession id: EntityID) async throws(BaseSpaceError) -> [Sample] {
        do throws(BaseSpaceError) {
            let items: [ReferredEntity<Sample>] = try await items(
                of: "Output.Samples",
                PropertyOwner(.appSession, id)
            )
            return items.compactMap(\.entity)
        } catch {
            guard error.status == 404, error.code == "BASESPACE.PROPERTIES.NOT_FOUND" else { throw error }
            return []
        }
    }

    /// All reference genomes. (SDK)
    public func genomes() async throws(BaseSpaceError) -> [Genome] {
        try await collection(["v1pre3", "genomes"], id: \.id)
    }

    // MARK: Collections of v2

    /// The sessions that made something in a project, whoever started them: v1 has the user's own only. (Live recording)
    public func appSessions(ofProject id: EntityID) async throws(BaseSpaceError) -> [AppSession] {
        try await collection(["v2", "appsessions"], query: [("output.projects", id.rawValue)], id: \.id)
    }

    /// A project's datasets, oldest first; v2 does not order them by id. (Swagger)
    public func datasets(ofProject id: EntityID) async throws(BaseSpaceError) -> [Dataset] {
        try await collection(["v2", "projects", id.rawValue, "datasets"], sortBy: "DateCreated", id: \.id)
    }

    /// The datasets that were made from a biosample, in all projects, oldest first. (Live recording)
    public func datasets(ofBioSample id: EntityID) async throws(BaseSpaceError) -> [Dataset] {
        try await collection(
            ["v2", "datasets"],
            query: [("inputbiosamples", id.rawValue)],
            sortBy: "DateCreated",
            id: \.id
        )
    }

    /// The biosamples that the user can see. (Live recording)
    public func bioSamples() async throws(BaseSpaceError) -> [BioSample] {
        try await collection(["v2", "biosamples"], id: \.id)
    }

    // MARK: Single ones

    /// A project in full.
    public func project(_ id: EntityID) async throws(BaseSpaceError) -> Project {
        try await value(.get(EntityKind.project.segments(id)))
    }

    /// A sample in full.
    public func sample(_ id: EntityID) async throws(BaseSpaceError) -> Sample {
        try await value(.get(EntityKind.sample.segments(id)))
    }

    /// A run in full.
    public func run(_ id: EntityID) async throws(BaseSpaceError) -> Run {
        try await value(.get(EntityKind.run.segments(id)))
    }

    /// A dataset.
    public func dataset(_ id: EntityID) async throws(BaseSpaceError) -> Dataset {
        try await value(.get(EntityKind.dataset.segments(id)))
    }

    /// A biosample.
    public func bioSample(_ id: EntityID) async throws(BaseSpaceError) -> BioSample {
        try await value(.get(EntityKind.bioSample.segments(id)))
    }

    // MARK: As it is

    /// An entity as the service describes it: the whole reply, byte for byte, in v1's envelope or, of v2, without one.
    ///
    /// - Parameter href: The entity's `href`.
    public func entityJSON(_ href: String) async throws(BaseSpaceError) -> [UInt8] {
        try Self.json(try await reply(to: href), endpoint: "GET \(href)")
    }

    /// A file as the service describes it, in full: with its properties and what it belongs to.
    public func fileMetadataJSON(_ id: EntityID) async throws(BaseSpaceError) -> [UInt8] {
        let endpoint = Endpoint.get(EntityKind.file.segments(id))
        return try Self.json(try await response(endpoint).body, endpoint: endpoint.description)
    }

    static let whiteSpace = Array(" \t\r\n".utf8)

    /// A reply that begins as JSON does: a login portal answers with a page of its own, and with success.
    private static func json(_ bytes: [UInt8], endpoint: String) throws(BaseSpaceError) -> [UInt8] {
        let first = bytes.first { !whiteSpace.contains($0) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { throw .foreign(endpoint) }
        return bytes
    }
}
