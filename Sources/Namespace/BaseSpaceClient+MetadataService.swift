public import BaseSpaceAPI

extension BaseSpaceClient: MetadataService {
    public func createAppResult(named name: String, in projectID: EntityID) async throws(BaseSpaceError) -> AppResult {
        try await createAppResult(named: name, in: projectID, description: nil)
    }

    public func files(of container: FileContainer) async throws(BaseSpaceError) -> [RemoteFile] {
        try await files(of: container, resolvingContent: false)
    }
}
