internal import BaseSpaceAPI
internal import Digests

/// What is made of the answers to what was sent.
extension UploadSession {
    mutating func wholeArrived(
        _ remote: RemoteFile,
        _ size: Int64,
        _ content: ReadContent,
        _ file: StagedContents
    ) -> [Action] {
        guard file.version == content.version, file.size == size else { return end(.changed, open: nil, file) }
        let expected = ContentETag.md5(content.md5.hexadecimal)
        if let damage = damage(of: remote, size: size, expecting: expected) { return end(damage, open: nil, file) }
        return finish(remote, version: content.version)
    }

    /// When it may have arrived all the same, the service is asked: sent again it would be there twice, or be refused
    /// because it is there.
    mutating func wholeFailed(
        _ failure: UploadFailure,
        _ size: Int64,
        _ version: UInt64,
        _ file: StagedContents
    ) -> [Action] {
        guard failure.isOpen else {
            // A file that became shorter can't be read to its former end.
            if case .unreadable = failure, file.version != version { return end(.changed, open: nil, file) }
            return end(failure, open: nil, file)
        }
        guard !failure.isCancellation, file.version == version else {
            return end(failure, open: nil, leavesNothing: false, file)
        }
        let doubt = Doubt(failure: failure, version: version)
        guard failure.isFailureOfService else { return ask(whether: doubt, size, file) }
        failures += 1
        // After the last attempt nothing is sent any more, and nobody has to wait for the answer.
        guard failures < limits.attemptsPerRequest else { return ask(whether: doubt, size, file) }
        phase = .pausing(size: size, doubt)
        return send(.pause(afterAttempt: failures))
    }

    /// Asks whether the file arrived all the same.
    mutating func ask(whether doubt: Doubt, _ size: Int64, _ file: StagedContents) -> [Action] {
        // What was sent can't be recognised any more.
        guard file.version == doubt.version else { return end(doubt.failure, open: nil, leavesNothing: false, file) }
        phase = .finding(size: size, after: doubt)
        return send(.find(size: size))
    }

    mutating func partArrived(
        _ part: UploadPart,
        _ etag: String,
        _ content: ReadContent,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        let isStale = ledger.isStale(part, since: content.version, in: file)
        guard ContentETag(etag) == .md5(content.md5.hexadecimal) else {
            let damage = "part \(part.number) has MD5 \(content.md5), the service answered ETag '\(etag)'"
            return isStale ? setAside(part, of: id, file) : sendAgain(part, .damaged(damage), of: id, file)
        }
        let note = Action.remember(.sent(part.number, md5: content.md5.hexadecimal))
        if isStale { return [note] + setAside(part, of: id, file) }
        ledger.accept(part, content)
        return [note] + sendParts(of: id, file)
    }

    mutating func partFailed(
        _ part: UploadPart,
        _ failure: UploadFailure,
        _ version: UInt64,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        if failure.isCancellation || failure.isConflict { return end(failure, open: id, file) }
        // A file that became shorter can't be read to the end of the part, one that changed fails the server's check.
        if ledger.isStale(part, since: version, in: file) { return setAside(part, of: id, file) }
        return failure.mayBeDamage ? sendAgain(part, failure, of: id, file) : end(failure, open: id, file)
    }

    /// A completion whose answer was lost may have taken place; nothing could be aborted then.
    mutating func completionFailed(
        _ failure: UploadFailure,
        of id: EntityID,
        _ version: UInt64,
        _ file: StagedContents
    ) -> [Action] {
        guard failure.isOpen, !failure.isCancellation else { return end(failure, open: id, file) }
        phase = .confirming(id, version: version, failure)
        return send(.inspect(id))
    }

    mutating func joined(_ remote: RemoteFile, _ version: UInt64, _ file: StagedContents) -> [Action] {
        // The upload is complete: there is nothing left to abort.
        if let damage = damage(of: remote, size: ledger.bytesAccepted, expecting: joinedETag) {
            return end(damage, open: nil, file)
        }
        return finish(remote, version: version)
    }

    func finish(_ remote: RemoteFile, version: UInt64) -> [Action] {
        [.remember(.arrived(remote.id, version: version)), .finish(remote, version: version)]
    }

    /// The ETag of the accepted parts, joined.
    var joinedETag: ContentETag { .multipart(ledger.digestOfDigests.hexadecimal, parts: ledger.count) }

    /// What is wrong with the file that the server has. An ETag of another form than the expected one, or of another
    /// number of parts, was not made from what we sent (the service may join parts as it likes): the size decides then.
    func damage(of remote: RemoteFile, size: Int64, expecting expected: ContentETag) -> UploadFailure? {
        guard remote.size == size else {
            return .damaged("\(size) bytes were sent, the service has \(remote.size)")
        }
        guard let etag = remote.etag, ContentETag(etag).isComparable(with: expected), ContentETag(etag) != expected
        else { return nil }
        return .damaged("the service's ETag '\(etag)' is not that of the bytes sent")
    }

    private mutating func setAside(_ part: UploadPart, of id: EntityID, _ file: StagedContents) -> [Action] {
        ledger.setAside(part.number, in: file) ? sendParts(of: id, file) : end(.changed, open: id, isFinal: true)
    }

    private mutating func sendAgain(
        _ part: UploadPart,
        _ reason: UploadFailure,
        of id: EntityID,
        _ file: StagedContents
    ) -> [Action] {
        ledger.sendAgain(part.number) ? sendParts(of: id, file) : end(reason, open: id, isFinal: true)
    }
}
