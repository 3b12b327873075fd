internal import BaseSpaceAPI

/// What goes in and out of the machine.
extension UploadSession {
    enum Request: Hashable, Sendable {
        /// Sends the first `size` bytes, which are the whole file, in one request.
        case whole(size: Int64)
        /// Looks whether the container has a file of this path whose content are the first `size` bytes.
        case find(size: Int64)
        case begin
        case part(UploadPart, of: EntityID)
        case complete(EntityID)
        /// Asks the service for the file.
        case inspect(EntityID)
        /// Reads a part, and sends nothing.
        case digest(UploadPart)
        /// Waits a while, the longer the more attempts have failed; the first one is number 1.
        case pause(afterAttempt: Int)
        /// Waits until the staged file is written up to an end, is sealed, or is shorter than a floor.
        case awaitGrowth(to: Int64, orShorterThan: Int64)
        /// Must be sent even when the upload's task is cancelled.
        case abort(EntityID)
    }

    enum Event: Sendable {
        case wholeSent(RemoteFile, ReadContent)
        /// The file that the container has already, and what the staged file contains.
        case found(RemoteFile?, ReadContent)
        case begun(EntityID)
        case partSent(UploadPart, etag: String, ReadContent)
        case digested(UploadPart, ReadContent)
        /// Sending or reading failed. `version`: the file's, before the part was read.
        case partFailed(UploadPart, UploadFailure, version: UInt64)
        case completed(RemoteFile)
        case inspected(RemoteFile)
        /// The pause is over.
        case paused
        /// What was waited for has come.
        case grew
        /// Any other request failed.
        case failed(UploadFailure)
        /// Whether or not the service took notice; whether it surely has nothing open any more.
        case aborted(isGone: Bool)
    }

    enum Action: Sendable {
        /// To be done before the actions that follow.
        case remember(Note)
        case send(Request)
        /// Cancels every request in flight. Each still brings its event.
        case cancelRequests
        /// Nothing is in flight; `start` begins anew.
        case restart(UploadFailure)
        /// The server has this version of the file.
        case finish(RemoteFile, version: UInt64)
        case fail(UploadFailure)
    }

    /// What an `UploadRecord` is told.
    enum Note: Hashable, Sendable {
        case sendingWhole
        case began(EntityID, partSize: Int64)
        /// A part with the highest number so far.
        case sending(Int)
        case sent(Int, md5: String)
        case abandoned
        case arrived(EntityID, version: UInt64)
    }
}
