import HTTPTypes

/// A request with a route and a token.
struct APIRequest: Sendable {
    let incoming: Incoming
    let version: Version
    let captures: [String]
    /// Those of the query.
    let parameters: Parameters
    let grant: Simulator.Grant
    /// Empty on routes that need none.
    let token: String
    /// What the token was used to make.
    let made: Set<EntityID>
    let now: ServiceDate

    /// Forms and JSON objects are short; 1 MiB is far above any.
    static let formSizeLimit = 1 << 20

    /// The first id of the path; nil if it is no number, which no entity's id is.
    var id: Int64? { captures.first.flatMap { Int64($0) } }

    /// Where the client found the API, `http://127.0.0.1:PORT`: links of v2 are absolute.
    var root: String { "http://\(incoming.authority)" }

    /// The parameters of the query and, behind them, those of the body.
    func allParameters() async throws -> Parameters {
        parameters.merging(Parameters(body: try await incoming.body.bytes(limit: Self.formSizeLimit)))
    }

    /// The body as JSON, nil if it is none.
    func jsonBody() async throws -> JSON? {
        JSON(parsing: try await incoming.body.bytes(limit: Self.formSizeLimit))
    }

    /// Whether the token has a right on an entity, given those that this one belongs to.
    func may(_ access: Access, _ lineage: [EntityID]) -> Bool {
        grant.allows(access, on: lineage) || lineage.contains { made.contains($0) }
    }

    /// Refuses tokens without a right that is about no entity, such as `create projects`.
    func require(_ scope: String, _ access: String, _ kind: String) throws(APIError) {
        if !grant.has(scope) { throw .forbidden(access, kind) }
    }

    /// Whether a list of everything can be given as it is, or has to be filtered by the token's rights.
    var browsesAll: Bool { grant.isGlobal(.browse) }
}

extension Services {
    /// The entity that the path names.
    ///
    /// - Throws: 404 (or 403, as configured) if there is none, 410 if it was removed, 403 if the token has not the right.
    func entity(
        _ kind: EntityKind,
        for request: APIRequest,
        may access: Access = .browse
    ) throws(APIError) -> EntityID {
        guard let id = request.id else {
            throw kind == .files ? .unknownFile : unknown(kind.word, request.captures.first)
        }
        let entity = EntityID(kind, id)
        try require(access, on: entity, for: request)
        return entity
    }

    /// Refuses a request whose token has not a right on an entity, or whose entity is not there.
    func require(_ access: Access, on entity: EntityID, for request: APIRequest) throws(APIError) {
        let lineage = withModel { $0.exists(entity) ? $0.lineage(of: entity) : nil }
        guard let lineage else { throw missing(entity) }
        if !request.may(access, lineage) { throw .forbidden(access.rawValue.uppercased(), entity.kind.word) }
    }

    /// The failure for an entity that is not there, or not any more.
    func missing(_ entity: EntityID) -> APIError {
        if withModel({ $0.gone.contains(entity) }) {
            return APIError(
                .gone,
                "The \(entity.kind.word) \(entity.id) has been deleted by its owner",
                code: "BASESPACE.COMMON.RESOURCE_REMOVED"
            )
        }
        return entity.kind == .files ? .unknownFile : unknown(entity.kind.word, String(entity.id))
    }

    /// Remembers what a token has made, from the answer that its client gets.
    func record(_ object: JSON, _ kind: EntityKind, madeBy request: APIRequest) {
        guard let id = object["Id"]?.text.flatMap({ Int64($0) }) else { return }
        tokens.record(EntityID(kind, id), madeBy: request.token)
    }

    /// Those of some entities that the token may browse.
    func visible<Element: Entity>(
        _ entities: [Element],
        _ kind: EntityKind,
        for request: APIRequest,
        in model: Model
    ) -> [Element] {
        if request.browsesAll { return entities }
        return entities.filter { request.may(.browse, model.lineage(of: EntityID(kind, $0.id))) }
    }
}
