public import BaseSpaceAPI

extension BaseSpaceClient: MetadataService {
    public func createAppResult(named name: String, in projectID: EntityID) async throws(BaseSpaceError) -> AppResult {
        try await createAppResult(named: name, in: projectID, description: nil)
    }

    public func files(of container: FileContainer) async throws(BaseSpaceError) -> [RemoteFile] {
        // With the signed URLs in the listing, opening a file costs no round trip. A run's listing is too long for that:
        // half a kilobyte for each of its 100,000 files.
        if case .run = container { return try await files(of: container, resolvingContent: false) }
        return try await files(of: container, resolvingContent: true)
    }
}
