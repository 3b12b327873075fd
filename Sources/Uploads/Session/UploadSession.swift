internal import BaseSpaceAPI
internal import Digests

/// The course of one file's upload, as a state machine: fed with what happened, it says what to do next. It sends
/// nothing, reads nothing and knows no clock; `UploadRun` does that.
///
/// A file of at most one part travels in a single request. Any other one is begun, its parts are sent in any order, and
/// it is completed once the server has every part. Each event comes with a look at the staged file, taken under the
/// file's lock, so that "nothing changed" and "then complete it" are one step:
///
/// - A part counts as accepted when its ETag is the MD5 that was computed, and its bytes did not change since before
///   they were read for that MD5. Otherwise it is sent again, a bounded number of times.
/// - The upload is completed when all parts are accepted and none has become stale in the meantime. Since each part is
///   as of the same moment then, what the server joins is one version of the file, never a mixture.
/// - When the size changes, or the service answers 409, or what it has at the end is not what was sent, the whole file
///   is started again, a bounded number of times. Everything else is final.
/// - An upload that ends without being completed first stops its requests, waits for each of them, and then posts
///   `aborted`, so no part arrives after it.
///
/// Each request that is asked for brings exactly one event.
struct UploadSession {
    struct Limits: Hashable, Sendable {
        /// Wanted size of a part in bytes.
        var partSize: Int64
        var maximumParts: Int64
        var partsInParallel: Int
        var attemptsPerPart: Int
        var attemptsPerFile: Int
    }

    enum Request: Hashable, Sendable {
        /// Sends the first `size` bytes, which are the whole file, in one request.
        case whole(size: Int64)
        case begin
        case part(UploadPart, of: EntityID)
        case complete(EntityID)
        /// Must be sent even when the upload's task is cancelled.
        case abort(EntityID)
    }

    enum Event: Sendable {
        case wholeSent(RemoteFile, ReadContent)
        case begun(EntityID)
        case partSent(Int, etag: String, ReadContent)
        /// `version`: the file's, before the part was read.
        case partFailed(Int, UploadFailure, version: UInt64)
        case completed(RemoteFile)
        /// The whole file's request, the beginning or the completion failed.
        case failed(UploadFailure)
        /// Whether or not the service took notice.
        case aborted
    }

    enum Action: Sendable {
        case send(Request)
        /// Cancels every request in flight. Each still brings its event.
        case cancelRequests
        /// Nothing is in flight; `start` begins anew.
        case restart(UploadFailure)
        /// The server has this version of the file.
        case finish(RemoteFile, version: UInt64)
        case fail(UploadFailure)
    }

    private enum Phase {
        case idle
        case sendingWhole
        case beginning
        case sendingParts(EntityID)
        case completing(EntityID, version: UInt64)
        case unwinding(open: EntityID?, isFinal: Bool, UploadFailure)

        /// The multipart upload that the server waits for.
        var openUpload: EntityID? {
            switch self {
            case .sendingParts(let id), .completing(let id, _): id
            case .unwinding(let open, _, _): open
            case .idle, .sendingWhole, .beginning: nil
            }
        }
    }

    private let limits: Limits
    private var phase = Phase.idle
    private var attempts = 0
    private var requestsInFlight = 0
    private var ledger: PartLedger

    init(limits: Limits) {
        self.limits = limits
        ledger = Self.makeLedger(size: 0, limits)
    }

    /// Bytes that the server acknowledged.
    var bytesSent: Int64 { ledger.bytesAccepted }

    /// Begins, or begins again after `.restart`.
    mutating func start(file: StagedContents) -> [Action] {
        precondition(requestsInFlight == 0, "an upload begins once")
        attempts += 1
        ledger = Self.makeLedger(size: file.size, limits)
        if ledger.layout.isSingleRequest {
            phase = .sendingWhole
            return send(.whole(size: file.size))
        }
        phase = .beginning
        return send(.begin)
    }

    /// Takes note of the end of a request.
    mutating func handle(_ event: Event, file: StagedContents) -> [Action] {
        precondition(requestsInFlight > 0, "\(event) without a request")
        requestsInFlight -= 1
        switch (phase, event) {
        case (.unwinding(let open, let isFinal, let failure), let event):
            phase = .unwinding(open: event.opened ?? (event.isAborted ? nil : open), isFinal: isFinal, failure)
            return unwind()
        case (.sendingWhole, .wholeSent(let remote, let content)):
            return wholeArrived(remote, content, file)
        case (.beginning, .begun(let id)):
            phase = .sendingParts(id)
            return file.size == ledger.layout.size ? sendParts(of: id, file) : startAgain(.changed)
        case (.sendingParts(let id), .partSent(let number, let etag, let content)):
            return partArrived(number, etag, content, of: id, file)
        case (.sendingParts(let id), .partFailed(let number, let failure, let version)):
            return partFailed(number, failure, version, of: id, file)
        case (.completing(_, let version), .completed(let remote)):
            return joined(remote, version)
        case (_, .failed(let failure)):
            return failure.isConflict ? startAgain(failure) : fail(failure)
        default:
            preconditionFailure("\(event) while \(phase)")
        }
    }
}

// MARK: - Arrivals

extension UploadSession {
    private mutating func wholeArrived(
        _ remote: RemoteFile,
        _ content: ReadContent,
        _ file: StagedContents
    ) -> [Action] {
        guard file.version == content.version, file.size == ledger.layout.size else { return startAgain(.changed) }
        if let damage = damage(of: remote, expecting: .md5(content.md5.hexadecimal)) { return startAgain(damage) }
        return [.finish(remote, version: content.version)]
    }

    private mutating func partArrived(
        _ number: Int,
        _ etag: String,
        _ content: ReadContent,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        guard file.size == ledger.layout.size else { return startAgain(.changed) }
        if ledger.isStale(number, since: content.version, in: file) {
            return sendAgain(number, .changed, of: id, file)
        }
        guard ContentETag(etag) == .md5(content.md5.hexadecimal) else {
            let damage = "part \(number) has MD5 \(content.md5), the service answered ETag '\(etag)'"
            return sendAgain(number, .damaged(damage), of: id, file)
        }
        ledger.accept(number, content)
        return sendParts(of: id, file)
    }

    private mutating func partFailed(
        _ number: Int,
        _ failure: UploadFailure,
        _ version: UInt64,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        if case .cancelled = failure { return fail(failure) }
        // A file that became shorter can't be read to the end of the part, one that changed fails the server's check.
        if file.size != ledger.layout.size { return startAgain(.changed) }
        if failure.isConflict { return startAgain(failure) }
        if failure.mayBeDamage {
            let isStale = ledger.isStale(number, since: version, in: file)
            return sendAgain(number, isStale ? .changed : failure, of: id, file)
        }
        return fail(failure)
    }

    private mutating func joined(_ remote: RemoteFile, _ version: UInt64) -> [Action] {
        let expected = ContentETag.multipart(ledger.digestOfDigests.hexadecimal, parts: ledger.layout.count)
        if let damage = damage(of: remote, expecting: expected) {
            // The upload is complete: there is nothing left to abort.
            phase = .idle
            return startAgain(damage)
        }
        return [.finish(remote, version: version)]
    }

    /// What is wrong with the file that the server has. An ETag of another form than the expected one, or of another
    /// number of parts, was not made from what we sent (the service may join parts as it likes): the size decides then.
    private func damage(of remote: RemoteFile, expecting expected: ContentETag) -> UploadFailure? {
        guard remote.size == ledger.layout.size else {
            return .damaged("\(ledger.layout.size) bytes were sent, the service has \(remote.size)")
        }
        guard let etag = remote.etag else { return nil }
        let isComparable =
            switch (ContentETag(etag), expected) {
            case (.md5, .md5): true
            case (.multipart(_, let theirs), .multipart(_, let ours)): theirs == ours
            default: false
            }
        guard isComparable, ContentETag(etag) != expected else { return nil }
        return .damaged("the service's ETag '\(etag)' is not that of the bytes sent")
    }
}

// MARK: - Next steps

extension UploadSession {
    /// Sends as many parts as may be in flight; when all are accepted and none is stale, completes.
    private mutating func sendParts(of id: EntityID, _ file: StagedContents) -> [Action] {
        var actions: [Action] = []
        while requestsInFlight < limits.partsInParallel, let part = ledger.next() {
            actions += send(.part(part, of: id))
        }
        guard requestsInFlight == 0 else { return actions }
        let stale = ledger.staleParts(in: file)
        if stale.isEmpty {
            phase = .completing(id, version: file.version)
            return send(.complete(id))
        }
        for number in stale where !ledger.sendAgain(number) {
            return fail(.changed)
        }
        return sendParts(of: id, file)
    }

    private mutating func sendAgain(
        _ number: Int,
        _ reason: UploadFailure,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        ledger.sendAgain(number) ? sendParts(of: id, file) : fail(reason)
    }

    private mutating func startAgain(_ reason: UploadFailure) -> [Action] {
        end(reason, isFinal: attempts >= limits.attemptsPerFile)
    }

    private mutating func fail(_ failure: UploadFailure) -> [Action] {
        end(failure, isFinal: true)
    }

    private mutating func end(_ failure: UploadFailure, isFinal: Bool) -> [Action] {
        phase = .unwinding(open: phase.openUpload, isFinal: isFinal, failure)
        return requestsInFlight > 0 ? [.cancelRequests] : unwind()
    }

    private mutating func unwind() -> [Action] {
        guard requestsInFlight == 0, case .unwinding(let open, let isFinal, let failure) = phase else { return [] }
        if let open { return send(.abort(open)) }
        phase = .idle
        return [isFinal ? .fail(failure) : .restart(failure)]
    }

    private mutating func send(_ request: Request) -> [Action] {
        requestsInFlight += 1
        return [.send(request)]
    }

    private static func makeLedger(size: Int64, _ limits: Limits) -> PartLedger {
        PartLedger(
            layout: PartLayout(size: size, partSize: limits.partSize, maximumParts: limits.maximumParts),
            attemptsPerPart: limits.attemptsPerPart
        )
    }
}

extension UploadSession.Event {
    fileprivate var opened: EntityID? {
        guard case .begun(let id) = self else { return nil }
        return id
    }

    fileprivate var isAborted: Bool {
        guard case .aborted = self else { return false }
        return true
    }
}
