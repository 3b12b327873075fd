internal import BaseSpaceAPI
internal import Logging

extension UploadEngine {
    /// The size of a part in bytes: a file that is longer is sent in parts.
    public var partSize: Int64 { PartLayout(partSize: limits.partSize).baseSize }

    /// Gives up at the service the upload that an earlier attempt left open, if its record tells of one.
    public func abandon(_ record: any UploadRecord) async {
        guard case .parts(let id, _, _) = record.progress else { return }
        do throws(BaseSpaceError) {
            try await service.abortMultipartUpload(of: id)
        } catch {
            logger.info("the service keeps an open upload, file id \(id): \(error)")
        }
        await recording.run { record.abandoned() }
    }
}
