public import HTTPTransport

/// The calls that make files, and those that tell what became of them. A seam: uploads are tested against a service in memory too.
public protocol UploadService: Sendable {
    /// Uploads a file in a single request.
    ///
    /// - Parameters:
    ///   - directory: The path of its directory inside the container; empty for the root.
    ///   - contentType: What the service gives back on download; mandatory.
    func uploadFile(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer,
        body: HTTPBody
    ) async throws(BaseSpaceError) -> RemoteFile

    /// Begins an upload in parts. The file is pending until it is completed.
    func beginMultipartUpload(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer
    ) async throws(BaseSpaceError) -> RemoteFile

    /// Uploads a part, or replaces it. Parts may come in any order and in parallel.
    ///
    /// - Parameters:
    ///   - number: 1 … 10,000; the order of the parts in the file.
    ///   - md5: The MD5 of the part in base64, which the service checks.
    /// - Returns: The part's ETag: its MD5 in hexadecimal.
    func uploadPart(
        _ number: Int,
        of fileID: EntityID,
        body: HTTPBody,
        md5: String
    ) async throws(BaseSpaceError) -> String

    /// Joins the parts.
    func completeMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError) -> RemoteFile

    /// Gives an upload up.
    func abortMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError)

    /// A file in full, with its `uploadStatus`; also of an upload that is open.
    func file(_ id: EntityID) async throws(BaseSpaceError) -> RemoteFile

    /// A container's complete files, whatever their directory.
    ///
    /// - Parameter resolvingContent: Whether each file brings its signed URL with it.
    func files(of container: FileContainer, resolvingContent: Bool) async throws(BaseSpaceError) -> [RemoteFile]
}
