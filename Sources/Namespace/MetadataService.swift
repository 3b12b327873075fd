public import BaseSpaceAPI

/// What the tree asks of the service. `BaseSpaceClient` answers it; tests have another answerer.
public protocol MetadataService: Sendable {
    /// Calls, pages of long lists among them, that the service has answered until now: its signs of life.
    var answers: UInt64 { get }
    /// All entities of a collection.
    func entities(in collection: EntityCollection) async throws(BaseSpaceError) -> [Entity]
    /// One entity, in the service's full form.
    func entity(_ key: EntityKey) async throws(BaseSpaceError) -> Entity
    /// Hands over all files of a container, in one flat list, one after the other.
    ///
    /// - Parameter count: How many there may be: a hint, so that more than the first page can be asked for at once.
    func files(
        of container: FileContainer,
        expecting count: Int,
        _ receive: (borrowing RemoteFile) -> Void
    ) async throws(BaseSpaceError)
    /// All properties of an entity, with all of their items.
    func properties(of owner: EntityKey) async throws(BaseSpaceError) -> [Property]
    /// Makes a property, or gives it another value.
    func setProperty(named name: String, of owner: EntityKey, to value: PropertyValue) async throws(BaseSpaceError)
    /// Removes a property.
    func deleteProperty(named name: String, of owner: EntityKey) async throws(BaseSpaceError)
    /// Whose file it is; `nil` if the service does not say.
    func container(ofFile id: EntityID) async throws(BaseSpaceError) -> FileContainer?
    /// One AppSession.
    func appSession(_ id: EntityID) async throws(BaseSpaceError) -> AppSession
    /// The text of a file that the service is asked for.
    func text(of document: DocumentFile) async throws(BaseSpaceError) -> [UInt8]

    /// Creates a project, or answers the user's project of that name with `created` false.
    func createProject(named name: String) async throws(BaseSpaceError) -> (project: Project, created: Bool)
    /// Creates an AppResult, in a new AppSession or in one that is there.
    func createAppResult(_ appResult: NewAppResult) async throws(BaseSpaceError) -> AppResult
    /// Sets the state of an AppSession, its summary, or both.
    func setStatus(of sessionID: EntityID, to status: SessionStatus?, summary: String?) async throws(BaseSpaceError)
        -> AppSession
    /// Moves an entity to the user's trash.
    func moveToTrash(_ entity: EntityKey) async throws(BaseSpaceError)
}

/// An AppResult to be.
public struct NewAppResult: Sendable {
    /// Its name.
    public var name: String
    /// The project it goes to.
    public var project: EntityID
    /// The session it belongs to; `nil` for a new one.
    public var session: EntityID?
    /// What the service is to show as its description.
    public var description: String?

    /// Describes one.
    public init(name: String, project: EntityID, session: EntityID? = nil, description: String? = nil) {
        self.name = name
        self.project = project
        self.session = session
        self.description = description
    }
}
