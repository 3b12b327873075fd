internal import BaseSpaceAPI
internal import Logging
internal import Threading

extension UploadEngine {
    /// The size of a part in bytes: a file that is longer is sent in parts.
    public var partSize: Int64 { PartLayout(partSize: limits.partSize).baseSize }

    /// Gives up at the service the upload that an earlier attempt left open, if its record tells of one.
    ///
    /// - Returns: Whether nothing is open any more.
    public func abandon(_ record: any UploadRecord) async -> Bool {
        guard await abandon(record.progress) else { return false }
        await recording.run { record.abandoned() }
        return true
    }

    /// The same for an upload that is not in a record any more.
    @discardableResult
    public func abandon(_ progress: UploadProgress) async -> Bool {
        guard case .parts(let id, _, _) = progress else { return true }
        do throws(BaseSpaceError) {
            try await service.abortMultipartUpload(of: id)
            return true
        } catch {
            if [404, 410].contains(error.status) { return true }
            logger.warning("the service keeps an open upload, file id \(id), until the next mount: \(error)")
            return false
        }
    }
}
