internal import BaseSpaceAPI
internal import Digests

/// Going on where an earlier attempt stopped: of this process, of one that was killed, or of another mount.
///
/// | Remembered | The service says | Then |
/// |---|---|---|
/// | one request | a file of the path has our bytes | that is the result |
/// | | anything else | begin from nothing |
/// | parts | pending | parts with the remembered MD5 are accepted, the others are sent |
/// | | complete, with our bytes | that is the result |
/// | | pending, of another part size | abort it, begin from nothing |
/// | | anything else | begin from nothing |
extension UploadSession {
    /// What is remembered of an upload in parts.
    struct Inspection {
        let id: EntityID
        let partSize: Int64
        /// MD5s in hexadecimal by part number; empty for a part that may have arrived.
        let sent: [Int: String]

        func hasArrived(_ number: Int) -> Bool { sent[number]?.isEmpty == false }
    }

    /// A comparison of the staged file with what the service has.
    struct Check {
        let inspection: Inspection
        /// The file that the service has, if the upload is complete.
        let complete: RemoteFile?
        /// Numbers of the parts that are to be read, in descending order.
        var unread: [Int]
        /// Whether all that was read is what is remembered.
        var isAsRemembered = true
    }

    /// The first step; `nil` if nothing can be made of what is remembered.
    mutating func resume(from progress: UploadProgress, _ file: StagedContents) -> [Action]? {
        switch progress {
        case .parts(let id, let partSize, let sent):
            let numbers = 1...PartLayout.maximumParts
            let inspection = Inspection(id: id, partSize: partSize, sent: sent.filter { numbers.contains($0.key) })
            phase = .inspecting(inspection)
            return send(.inspect(id))
        case .sendingWhole where file.isSealed && ledger.layout.fitsOneRequest(file.size):
            phase = .finding(size: file.size, after: nil)
            return send(.find(size: file.size))
        case .sendingWhole, .none:
            return nil
        }
    }

    // MARK: One request

    mutating func found(
        _ remote: RemoteFile?,
        _ size: Int64,
        _ content: ReadContent,
        after doubt: Doubt?,
        _ file: StagedContents
    ) -> [Action] {
        guard let remote, remote.size == size, file.size == size, file.version == content.version else {
            return nothingFound(nil, after: doubt, file)
        }
        return finish(remote, version: content.version)
    }

    mutating func nothingFound(
        _ failure: UploadFailure?,
        after doubt: Doubt?,
        _ file: StagedContents
    ) -> [Action] {
        if let failure, failure.isCancellation || doubt == nil {
            return end(failure, open: nil, isFinal: true, leavesNothing: false)
        }
        guard let doubt else { return begin(file) }
        // It is not there, as the service says that failed at it: the same bytes are sent once more.
        if failure == nil, doubt.failure.isFailureOfService, failures < limits.attemptsPerRequest,
            file.version == doubt.version
        {
            attempts -= 1
            return begin(file)
        }
        return end(doubt.failure, open: nil, leavesNothing: false, file)
    }

    // MARK: Parts

    mutating func inspected(_ remote: RemoteFile, _ inspection: Inspection, _ file: StagedContents) -> [Action] {
        switch remote.uploadStatus {
        case .pending where inspection.partSize == ledger.layout.baseSize:
            let last = inspection.sent.keys.max() ?? 0
            ledger.adopt(last)
            for number in 1..<ledger.count + 1 where !inspection.hasArrived(number) { _ = ledger.sendAgain(number) }
            // What the file has nothing of ends this attempt, as soon as the first part is to be sent.
            let numbers = ledger.reachesBeyond(file.size) ? [] : (1..<last + 1).reversed().filter(inspection.hasArrived)
            return read(Check(inspection: inspection, complete: nil, unread: numbers), file)
        case .complete:
            guard remote.size == file.size, remote.size > 0 else { return beginInstead(file) }
            let layout = PartLayout(partSize: inspection.partSize)
            ledger = PartLedger(layout: layout, attemptsPerPart: limits.attemptsPerPart)
            ledger.adopt(layout.count(for: file.size))
            let numbers = Array((1...ledger.count).reversed())
            return read(Check(inspection: inspection, complete: remote, unread: numbers), file)
        case .aborted:
            return beginInstead(file)
        case .pending, .undefined, nil:
            return drop(inspection.id)
        }
    }

    mutating func inspectionFailed(
        _ failure: UploadFailure,
        _ inspection: Inspection,
        _ file: StagedContents
    ) -> [Action] {
        // Who must not see it may be told the same as who asks for nothing: nothing is left open in either case.
        if failure.isAbsence { return drop(inspection.id) }
        // Cancelled, it is given up; otherwise another attempt may find the service well.
        let open = failure.isCancellation ? inspection.id : nil
        return end(failure, open: open, isFinal: true, leavesNothing: open != nil)
    }

    mutating func digested(
        _ part: UploadPart,
        _ content: ReadContent,
        _ check: Check,
        _ file: StagedContents
    ) -> [Action] {
        var check = check
        let isAsRemembered = check.inspection.sent[part.number]?.lowercased() == content.md5.hexadecimal
        check.isAsRemembered = check.isAsRemembered && isAsRemembered
        if isAsRemembered || check.complete != nil {
            ledger.accept(part, content)
        } else {
            _ = ledger.setAside(part.number, in: file)
        }
        return read(check, file)
    }

    mutating func digestFailed(
        _ part: UploadPart,
        _ failure: UploadFailure,
        _ version: UInt64,
        _ check: Check,
        _ file: StagedContents
    ) -> [Action] {
        guard !failure.isCancellation, ledger.isStale(part, since: version, in: file) else {
            let open = check.complete == nil ? check.inspection.id : nil
            return end(failure, open: open, isFinal: true, leavesNothing: open != nil)
        }
        var check = check
        check.isAsRemembered = false
        _ = ledger.setAside(part.number, in: file)
        return read(check, file)
    }

    /// Reads as many parts as may be in flight; goes on when all are read.
    private mutating func read(_ check: Check, _ file: StagedContents) -> [Action] {
        var check = check
        var actions: [Action] = []
        while requestsInFlight < limits.partsInParallel, let number = check.unread.popLast() {
            let part = UploadPart(number: number, range: ledger.layout.range(ofPart: number, in: file.size))
            actions += send(.digest(part))
        }
        phase = .checking(check)
        guard requestsInFlight == 0 else { return actions }
        guard let remote = check.complete else {
            phase = .sendingParts(check.inspection.id)
            return sendParts(of: check.inspection.id, file)
        }
        return isOurs(remote, check, file) ? finish(remote, version: file.version) : beginInstead(file)
    }

    /// Whether a complete file of the service is the staged file as it is now.
    private func isOurs(_ remote: RemoteFile, _ check: Check, _ file: StagedContents) -> Bool {
        guard ledger.bytesAccepted == file.size, ledger.staleParts(in: file).isEmpty,
            damage(of: remote, size: file.size, expecting: joinedETag) == nil
        else { return false }
        // An ETag that can't be compared proves nothing; then what is remembered has to.
        return check.isAsRemembered || remote.etag.map { ContentETag($0).isComparable(with: joinedETag) } ?? false
    }

    /// What is remembered is of no use any more, and nothing is open.
    mutating func beginInstead(_ file: StagedContents) -> [Action] {
        [.remember(.abandoned)] + begin(file)
    }

    private mutating func drop(_ id: EntityID) -> [Action] {
        phase = .dropping
        return send(.abort(id))
    }
}
