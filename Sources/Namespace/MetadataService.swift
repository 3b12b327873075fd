public import BaseSpaceAPI

/// What the tree asks of the service. `BaseSpaceClient` answers it; tests have another answerer.
public protocol MetadataService: Sendable {
    /// All projects of the user.
    func projects() async throws(BaseSpaceError) -> [Project]
    /// Creates a project, or answers the user's project of that name with `created` false.
    func createProject(named name: String) async throws(BaseSpaceError) -> (project: Project, created: Bool)
    /// All samples of a project.
    func samples(of projectID: EntityID) async throws(BaseSpaceError) -> [Sample]
    /// All AppResults of a project.
    func appResults(of projectID: EntityID) async throws(BaseSpaceError) -> [AppResult]
    /// One AppResult.
    func appResult(_ id: EntityID) async throws(BaseSpaceError) -> AppResult
    /// Creates an AppResult, in a new AppSession.
    func createAppResult(named name: String, in projectID: EntityID) async throws(BaseSpaceError) -> AppResult
    /// All files of a container, in one flat list.
    func files(of container: FileContainer) async throws(BaseSpaceError) -> [RemoteFile]
    /// One AppSession.
    func appSession(_ id: EntityID) async throws(BaseSpaceError) -> AppSession
    /// Sets the state of an AppSession, its summary, or both.
    func setStatus(of sessionID: EntityID, to status: SessionStatus?, summary: String?) async throws(BaseSpaceError)
        -> AppSession
}
