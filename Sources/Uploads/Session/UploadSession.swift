internal import BaseSpaceAPI
internal import Digests

/// The course of one file's upload, as a state machine: fed with what happened, it says what to do next. It sends
/// nothing, reads nothing and knows no clock; `UploadRun` does that.
///
/// A file of at most one part travels in a single request, once it is sealed. Any other one is begun, its parts are sent
/// in any order, and it is completed once it is sealed and the server has every part. Each event comes with a look at
/// the staged file, taken under the file's lock, so that "nothing changed" and "then complete it" are one step:
///
/// - While the file is not sealed, its upload is *streaming*: parts below the frontier are sent, and then it waits for
///   more. Nothing that was sent is sent again before the file is sealed.
/// - A part counts as accepted when its ETag is the MD5 that was computed, and its bytes did not change since before
///   they were read for that MD5. Otherwise it is sent again, a bounded number of times.
/// - The upload is completed when all parts are accepted and none has become stale in the meantime. Since each part is
///   as of the same moment then, what the server joins is one version of the file, never a mixture.
/// - When the file ends before a part that was sent, or the service answers 409, or what it has at the end is not what
///   was sent, the whole file is started again, a bounded number of times. Everything else is final.
/// - When it is not known what became of the last request, the service is asked before anything else is sent. A file of
///   one request that the service failed at and does not have is sent again, after a pause and a bounded number of times.
/// - An upload that ends without being completed first stops its requests, waits for each of them, and then posts
///   `aborted`, so no part arrives after it. One that ends because the service failed, for longer than the transport
///   repeats a request, stays open: what has arrived is remembered, and the next attempt sends the rest.
///
/// It begins from what an earlier attempt remembered (`UploadSession+Resuming.swift`), and says what is to be remembered
/// before that matters. Each request that is asked for brings exactly one event.
struct UploadSession {
    struct Limits: Hashable, Sendable {
        /// Wanted size of the first parts in bytes.
        var partSize: Int64
        var partsInParallel: Int
        var attemptsPerPart: Int
        var attemptsPerFile: Int
        /// Of a file of one request, when the service fails.
        var attemptsPerRequest: Int
    }

    /// A request with the whole file of which it is not known whether it arrived.
    struct Doubt {
        let failure: UploadFailure
        /// The file's, when it was sent.
        let version: UInt64
    }

    enum Phase {
        case idle
        /// Not begun: whether it will be one part is not known yet.
        case waiting
        case sendingWhole(size: Int64, version: UInt64)
        /// Waits before it asks: what the service failed at may be on its way yet.
        case pausing(size: Int64, Doubt)
        /// Asks whether the file arrived by a request of an unknown outcome, of this attempt or as it is remembered (`nil`).
        case finding(size: Int64, after: Doubt?)
        /// Asks what became of an upload that is remembered.
        case inspecting(Inspection)
        /// Compares the file with what is remembered of an upload.
        case checking(Check)
        /// Aborts an upload that is remembered, to begin another one.
        case dropping
        case beginning
        case sendingParts(EntityID)
        case completing(EntityID, version: UInt64)
        /// Asks whether the completion took place, whose request failed.
        case confirming(EntityID, version: UInt64, UploadFailure)
        case unwinding(Ending)
    }

    /// How an attempt ends that does not finish.
    struct Ending {
        let failure: UploadFailure
        let isFinal: Bool
        /// The multipart upload that the server is to wait for no longer.
        var open: EntityID?
        /// Whether the server surely has nothing of this attempt when `open` is aborted.
        var leavesNothing: Bool
    }

    let limits: Limits
    var phase = Phase.idle
    var ledger: PartLedger
    /// What is left of an earlier attempt, until `start` looks at it.
    private var progress: UploadProgress
    var attempts = 0
    /// So often the service failed at the whole file.
    var failures = 0
    private(set) var requestsInFlight = 0
    /// Whether one of the requests waits for the file to grow.
    private var isAwaiting = false

    init(limits: Limits, progress: UploadProgress = .none) {
        self.limits = limits
        self.progress = progress
        ledger = Self.makeLedger(limits)
    }

    /// Bytes that the server acknowledged.
    var bytesSent: Int64 { ledger.bytesAccepted }

    /// Begins, or begins again after `.restart`.
    mutating func start(file: StagedContents) -> [Action] {
        precondition(requestsInFlight == 0, "an upload begins once")
        defer { progress = .none }
        return resume(from: progress, file) ?? begin(file)
    }

    /// Takes note of the end of a request.
    mutating func handle(_ event: Event, file: StagedContents) -> [Action] {
        precondition(requestsInFlight > 0, "\(event) without a request")
        requestsInFlight -= 1
        if case .grew = event { isAwaiting = false }
        switch (phase, event) {
        case (.unwinding(let ending), _):
            return unwind(ending, after: event)
        case (.waiting, .grew):
            return begin(file)
        case (.dropping, .aborted(let isGone)):
            return isGone ? beginInstead(file) : begin(file)
        case (.sendingWhole(let size, _), .wholeSent(let remote, let content)):
            return wholeArrived(remote, size, content, file)
        case (.sendingWhole(let size, let version), .failed(let failure)):
            return wholeFailed(failure, size, version, file)
        case (.pausing(let size, let doubt), .paused):
            return ask(whether: doubt, size, file)
        case (.pausing(_, let doubt), .failed(let failure)):
            return nothingFound(failure, after: doubt, file)
        case (.finding(let size, let doubt), .found(let remote, let content)):
            return found(remote, size, content, after: doubt, file)
        case (.finding(_, let doubt), .failed(let failure)):
            return nothingFound(failure, after: doubt, file)
        case (.inspecting(let inspection), .inspected(let remote)):
            return inspected(remote, inspection, file)
        case (.inspecting(let inspection), .failed(let failure)):
            return inspectionFailed(failure, inspection, file)
        case (.checking(let check), .digested(let part, let content)):
            return digested(part, content, check, file)
        case (.checking(let check), .partFailed(let part, let failure, let version)):
            return digestFailed(part, failure, version, check, file)
        case (.beginning, .begun(let id)):
            phase = .sendingParts(id)
            return [.remember(.began(id, partSize: ledger.layout.baseSize))] + sendParts(of: id, file)
        case (.sendingParts(let id), .grew):
            return sendParts(of: id, file)
        case (.sendingParts(let id), .partSent(let part, let etag, let content)):
            return partArrived(part, etag, content, of: id, file)
        case (.sendingParts(let id), .partFailed(let part, let failure, let version)):
            return partFailed(part, failure, version, of: id, file)
        case (.completing(_, let version), .completed(let remote)):
            return joined(remote, version, file)
        case (.completing(let id, let version), .failed(let failure)):
            return completionFailed(failure, of: id, version, file)
        case (.confirming(let id, let version, let reason), .inspected(let remote)):
            return remote.uploadStatus == .complete ? joined(remote, version, file) : end(reason, open: id, file)
        case (.confirming(let id, _, let reason), .failed(let failure)):
            return end(failure.isCancellation ? failure : reason, open: id, file)
        case (.sendingParts(let id), .failed(let failure)):
            return end(failure, open: id, file)
        case (_, .failed(let failure)):
            return end(failure, open: nil, file)
        default:
            preconditionFailure("\(event) while \(phase)")
        }
    }
}

// MARK: - Next steps

extension UploadSession {
    /// Begins from nothing; waits first if it can't be known yet how the file will travel.
    mutating func begin(_ file: StagedContents) -> [Action] {
        ledger = Self.makeLedger(limits)
        isAwaiting = false
        guard file.size <= ledger.layout.capacity else { return end(tooLarge, open: nil, file) }
        if file.isSealed, ledger.layout.fitsOneRequest(file.size) {
            attempts += 1
            phase = .sendingWhole(size: file.size, version: file.version)
            return [.remember(.sendingWhole)] + send(.whole(size: file.size))
        }
        if file.isSealed || !ledger.layout.fitsOneRequest(file.frontier) {
            attempts += 1
            phase = .beginning
            return send(.begin)
        }
        phase = .waiting
        return awaitGrowth(to: ledger.layout.baseSize + 1, orShorterThan: 0)
    }

    /// Sends as many parts as may be in flight. Once the file is sealed, all are accepted and none is stale, completes.
    mutating func sendParts(of id: EntityID, _ file: StagedContents) -> [Action] {
        guard file.size <= ledger.layout.capacity else { return end(tooLarge, open: id, file) }
        guard file.size > 0, !ledger.reachesBeyond(file.size) else { return end(.changed, open: id, file) }
        var actions: [Action] = []
        let known = ledger.count
        while partsInFlight < limits.partsInParallel, let part = ledger.next(in: file) {
            if part.number > known { actions.append(.remember(.sending(part.number))) }
            actions += send(.part(part, of: id))
        }
        guard file.isSealed else {
            guard !isAwaiting, partsInFlight < limits.partsInParallel else { return actions }
            let floor = ledger.layout.start(ofPart: max(1, ledger.count)) + 1
            return actions + awaitGrowth(to: ledger.endOfNext, orShorterThan: floor)
        }
        guard requestsInFlight == 0 else { return actions }
        let stale = ledger.staleParts(in: file)
        if stale.isEmpty {
            phase = .completing(id, version: file.version)
            return send(.complete(id))
        }
        for number in stale where !ledger.setAside(number, in: file) {
            return end(.changed, open: id, isFinal: true)
        }
        return sendParts(of: id, file)
    }

    /// Ends the attempt; the file is started again where that may help.
    mutating func end(
        _ failure: UploadFailure,
        open: EntityID?,
        leavesNothing: Bool = true,
        _ file: StagedContents
    ) -> [Action] {
        // What a writer does before it has finished is no fault of the upload.
        if case .changed = failure, !file.isSealed { attempts -= 1 }
        let isFinal = !failure.endsWithTheAttempt || attempts >= limits.attemptsPerFile
        guard open != nil, failure.mayPass else {
            return end(failure, open: open, isFinal: isFinal, leavesNothing: leavesNothing)
        }
        return end(failure, open: nil, isFinal: isFinal, leavesNothing: false)
    }

    /// Ends the attempt, and the upload too if that `isFinal`.
    mutating func end(
        _ failure: UploadFailure,
        open: EntityID?,
        isFinal: Bool,
        leavesNothing: Bool = true
    ) -> [Action] {
        let ending = Ending(failure: failure, isFinal: isFinal, open: open, leavesNothing: leavesNothing)
        phase = .unwinding(ending)
        return requestsInFlight > 0 ? [.cancelRequests] : unwind(ending, after: nil)
    }

    private mutating func unwind(_ ending: Ending, after event: Event?) -> [Action] {
        var ending = ending
        var actions: [Action] = []
        switch event {
        case .aborted(let isGone):
            ending.open = nil
            ending.leavesNothing = ending.leavesNothing && isGone
        // It arrived all the same, and may be what the next attempt need not send.
        case .partSent(let part, let etag, let content) where ContentETag(etag) == .md5(content.md5.hexadecimal):
            actions.append(.remember(.sent(part.number, md5: content.md5.hexadecimal)))
        default: break
        }
        phase = .unwinding(ending)
        guard requestsInFlight == 0 else { return actions }
        if let open = ending.open { return actions + send(.abort(open)) }
        phase = .idle
        isAwaiting = false
        if ending.leavesNothing { actions.append(.remember(.abandoned)) }
        return actions + [ending.isFinal ? .fail(ending.failure) : .restart(ending.failure)]
    }

    mutating func send(_ request: Request) -> [Action] {
        requestsInFlight += 1
        return [.send(request)]
    }

    private mutating func awaitGrowth(to end: Int64, orShorterThan floor: Int64) -> [Action] {
        isAwaiting = true
        return send(.awaitGrowth(to: end, orShorterThan: floor))
    }

    private var partsInFlight: Int { requestsInFlight - (isAwaiting ? 1 : 0) }

    private var tooLarge: UploadFailure { .tooLarge(capacity: ledger.layout.capacity) }

    private static func makeLedger(_ limits: Limits) -> PartLedger {
        PartLedger(layout: PartLayout(partSize: limits.partSize), attemptsPerPart: limits.attemptsPerPart)
    }
}
