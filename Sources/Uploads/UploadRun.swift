internal import BaseSpaceAPI
internal import Digests
internal import HTTPTransport
internal import Logging
internal import SystemPackage
internal import Threading

/// Carries out what an `UploadSession` asks for, until the file is uploaded or has failed.
///
/// Every request is a child task of one group, which turns what came of it into an event; the session is only touched by
/// the task that collects them. Cancelling the upload's task cancels the children, whose failures then lead the session
/// through its orderly end. A restart is a new group, because a cancelled group sends nothing any more.
///
/// Bodies need a permit, which the digest of the same bytes already holds: what is hashed now is sent next, from the page
/// cache. What is small or waits needs none.
struct UploadRun: Sendable {
    let file: StagedFile
    let destination: UploadDestination
    let service: any UploadService
    let limits: UploadSession.Limits
    /// How long it waits before it asks for what the service failed at.
    let retries: RetryPolicy
    /// Bounds the requests of all files together.
    let requests: FairSemaphore
    let digests: BlockingWork
    /// What is remembered is written to a disk.
    let record: any UploadRecord
    let recording: BlockingWork
    let logger: Logger
    /// Told after each event: bytes acknowledged, bytes in all.
    let report: @Sendable (Int64, Int64) -> Void

    private enum Outcome {
        case finished(RemoteFile)
        case failed(UploadFailure)
        case restart
    }

    func run() async throws(UploadFailure) -> RemoteFile {
        var session = UploadSession(limits: limits, progress: await recording.run { [record] in record.progress })
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
                    case .remember(let note):
                        await remember(note)
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

    private func remember(_ note: UploadSession.Note) async {
        await recording.run { [record, file] in
            switch note {
            case .sendingWhole: record.sendingWhole()
            case .began(let id, let partSize): record.began(id, partSize: partSize)
            case .sending(let number): record.sending(part: number)
            case .sent(let number, let md5): record.sent(part: number, md5: md5)
            case .abandoned: record.abandoned()
            case .arrived(let id, let version): record.arrived(as: id) { file.version == version }
            }
        }
    }

    private func perform(_ request: UploadSession.Request) async -> UploadSession.Event {
        guard let lane = request.lane else { return await event(of: request) }
        guard await requests.acquire(lane) else { return request.failed(.cancelled, version: 0) }
        defer { requests.release() }
        return await event(of: request)
    }

    private func event(of request: UploadSession.Request) async -> UploadSession.Event {
        let version = file.version
        do throws(UploadFailure) {
            return try await answer(to: request, version: version)
        } catch {
            return request.failed(error, version: version)
        }
    }

    /// - Parameter version: The file's, taken before anything of it is read.
    private func answer(
        to request: UploadSession.Request,
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
        case .part(let part, let id):
            let md5 = try await digest(of: part.range)
            let etag = try await call { () async throws(BaseSpaceError) in
                try await service.uploadPart(part.number, of: id, body: body(of: part.range), md5: md5.base64)
            }
            return .partSent(part, etag: etag, ReadContent(md5: md5, version: version))
        case .find(let size):
            let md5 = try await digest(of: 0..<size)
            return .found(try await find(size: size, md5), ReadContent(md5: md5, version: version))
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
        case .complete(let id):
            return .completed(
                try await call { () async throws(BaseSpaceError) in
                    try await service.completeMultipartUpload(of: id)
                }
            )
        case .inspect(let id):
            return .inspected(try await call { () async throws(BaseSpaceError) in try await service.file(id) })
        case .digest(let part):
            return .digested(part, ReadContent(md5: try await digest(of: part.range), version: version))
        case .pause(let attempt):
            try await pause(afterAttempt: attempt)
            return .paused
        case .awaitGrowth(let end, let floor):
            guard await file.waitForGrowth(to: end, orShorterThan: floor) else { throw .cancelled }
            return .grew
        case .abort(let id):
            return .aborted(isGone: await abort(id))
        }
    }

    private func pause(afterAttempt attempt: Int) async throws(UploadFailure) {
        do {
            try await Task.sleep(for: retries.ceiling(afterAttempt: attempt) * Double.random(in: 0...1))
        } catch {
            throw .cancelled
        }
    }

    /// The file of the container that has the destination's path and these bytes, if there is one.
    private func find(size: Int64, _ md5: Digest) async throws(UploadFailure) -> RemoteFile? {
        let files = try await call { () async throws(BaseSpaceError) in
            try await service.files(of: destination.container, resolvingContent: false)
        }
        for candidate in files where candidate.path == destination.path && candidate.size == size {
            var file = candidate
            if file.etag == nil {
                file = try await call { () async throws(BaseSpaceError) in try await service.file(candidate.id) }
            }
            if let etag = file.etag, ContentETag(etag) == .md5(md5.hexadecimal) { return file }
        }
        return nil
    }

    /// Tells the service that nothing more comes, on a task that nobody cancels: it is what others wait for who were told
    /// to stop.
    ///
    /// - Returns: Whether the service surely waits for nothing any more.
    private func abort(_ id: EntityID) async -> Bool {
        await Task {
            do throws(BaseSpaceError) {
                try await service.abortMultipartUpload(of: id)
                return true
            } catch {
                if [404, 410].contains(error.status) { return true }
                logger.info("the service keeps an open upload of \(destination), file id \(id): \(error)")
                return false
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
    /// In which line it waits for its turn; `nil` if it has no body and goes at once.
    fileprivate var lane: FairSemaphore.Lane? {
        switch self {
        case .whole: .wholeFiles
        case .part: .parts
        case .find, .begin, .complete, .inspect, .digest, .pause, .awaitGrowth, .abort: nil
        }
    }

    /// - Parameter version: The file's, before anything of it was read.
    fileprivate func failed(_ failure: UploadFailure, version: UInt64) -> UploadSession.Event {
        switch self {
        case .part(let part, _), .digest(let part): .partFailed(part, failure, version: version)
        case .whole, .find, .begin, .complete, .inspect, .pause, .awaitGrowth, .abort: .failed(failure)
        }
    }
}
