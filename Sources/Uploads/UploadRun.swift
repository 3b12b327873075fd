internal import BaseSpaceAPI
internal import Digests
internal import HTTPTransport
internal import Logging
internal import SystemPackage

/// Carries out what an `UploadSession` asks for, until the file is uploaded or has failed.
///
/// Every request is a child task of one group, which turns what came of it into an event; the session is only touched by
/// the task that collects them. Cancelling the upload's task cancels the children, whose failures then lead the session
/// through its orderly end. A restart is a new group, because a cancelled group sends nothing any more.
struct UploadRun: Sendable {
    let file: StagedFile
    let destination: UploadDestination
    let service: any UploadService
    let limits: UploadSession.Limits
    /// Bounds the requests of all files together.
    let requests: FairSemaphore
    let digests: BlockingWork
    let logger: Logger
    /// Told after each event: bytes acknowledged, bytes in all.
    let report: @Sendable (Int64, Int64) -> Void

    private enum Outcome {
        case finished(RemoteFile)
        case failed(UploadFailure)
        case restart
    }

    func run() async throws(UploadFailure) -> RemoteFile {
        var session = UploadSession(limits: limits)
        while true {
            switch await attempt(&session) {
            case .finished(let remote): return remote
            case .failed(let failure): throw failure
            case .restart: continue
            }
        }
    }

    private func attempt(_ session: inout UploadSession) async -> Outcome {
        await withTaskGroup(of: UploadSession.Event.self) { group in
            var actions = file.inspect { session.start(file: $0) }
            while true {
                report(session.bytesSent, file.size)
                for action in actions {
                    switch action {
                    case .send(let request):
                        group.addTask { await perform(request) }
                    case .cancelRequests:
                        group.cancelAll()
                    case .restart(let reason):
                        logger.warning("starting the upload of \(destination) again: \(reason)")
                        return .restart
                    case .finish(let remote, let version):
                        file.markUploaded(version: version)
                        return .finished(remote)
                    case .fail(let failure):
                        return .failed(failure)
                    }
                }
                guard let event = await group.next() else {
                    preconditionFailure("the upload of \(destination) waits for a request that nobody sent")
                }
                actions = file.inspect { session.handle(event, file: $0) }
            }
        }
    }

    private func perform(_ request: UploadSession.Request) async -> UploadSession.Event {
        if case .abort(let id) = request {
            await abort(id)
            return .aborted
        }
        guard await requests.acquire() else { return request.failed(.cancelled, version: 0) }
        defer { requests.release() }
        let version = file.version
        do throws(UploadFailure) {
            return try await send(request, version: version)
        } catch {
            return request.failed(error, version: version)
        }
    }

    /// - Parameter version: The file's, taken before anything of it is read.
    private func send(
        _ request: UploadSession.Request,
        version: UInt64
    ) async throws(UploadFailure) -> UploadSession.Event {
        switch request {
        case .whole(let size):
            let md5 = try await digest(of: 0..<size)
            let remote = try await call { () async throws(BaseSpaceError) in
                try await service.uploadFile(
                    named: destination.name,
                    directory: destination.directory,
                    contentType: destination.contentType,
                    to: destination.container,
                    body: body(of: 0..<size)
                )
            }
            return .wholeSent(remote, ReadContent(md5: md5, version: version))
        case .begin:
            let remote = try await call { () async throws(BaseSpaceError) in
                try await service.beginMultipartUpload(
                    named: destination.name,
                    directory: destination.directory,
                    contentType: destination.contentType,
                    to: destination.container
                )
            }
            return .begun(remote.id)
        case .part(let part, let id):
            // With the permit in hand: what is hashed now is sent next, from the page cache.
            let md5 = try await digest(of: part.range)
            let etag = try await call { () async throws(BaseSpaceError) in
                try await service.uploadPart(part.number, of: id, body: body(of: part.range), md5: md5.base64)
            }
            return .partSent(part.number, etag: etag, ReadContent(md5: md5, version: version))
        case .complete(let id):
            let remote = try await call { () async throws(BaseSpaceError) in
                try await service.completeMultipartUpload(of: id)
            }
            return .completed(remote)
        case .abort:
            return .aborted
        }
    }

    /// Tells the service that nothing more comes, on a task that nobody cancels, and outside the bound: it is what
    /// others wait for who were told to stop.
    private func abort(_ id: EntityID) async {
        await Task {
            do throws(BaseSpaceError) {
                try await service.abortMultipartUpload(of: id)
            } catch {
                logger.info("the service keeps an open upload of \(destination), file id \(id): \(error)")
            }
        }.value
    }

    private func digest(of range: Range<Int64>) async throws(UploadFailure) -> Digest {
        do throws(Errno) {
            return try await digests.run { [file] () throws(Errno) in try file.md5(of: range) }
        } catch {
            throw .unreadable(error)
        }
    }

    /// An empty file is zero bytes, sent as such: a body that is left out is none.
    private func body(of range: Range<Int64>) -> HTTPBody {
        range.isEmpty
            ? .bytes([])
            : .file(
                descriptor: file.descriptor,
                offset: range.lowerBound,
                count: range.upperBound - range.lowerBound
            )
    }

    private func call<Success>(
        _ operation: () async throws(BaseSpaceError) -> Success
    ) async throws(UploadFailure) -> Success {
        do throws(BaseSpaceError) {
            return try await operation()
        } catch {
            throw UploadFailure(error)
        }
    }
}

extension UploadSession.Request {
    fileprivate func failed(_ failure: UploadFailure, version: UInt64) -> UploadSession.Event {
        switch self {
        case .part(let part, _): .partFailed(part.number, failure, version: version)
        case .whole, .begin, .complete, .abort: .failed(failure)
        }
    }
}
