public import BaseSpaceAPI
internal import Synchronization

/// A text in the course of time; see ``ListingSlot``.
struct DocumentSlot: Sendable {
    typealias Flight = Task<Result<[UInt8], BaseSpaceError>, Never>

    var text: [UInt8]?
    var freshUntil: ContinuousClock.Instant?
    var flight: Flight?
    /// Whether somebody wants a later answer than that of the call under way.
    var isOutdated = false
    var lastUse: UInt64 = 0

    /// How much room it takes, in bytes.
    var weight: Int { (text?.count ?? 0) + 256 }

    func fresh(at now: ContinuousClock.Instant) -> [UInt8]? {
        guard let freshUntil, now < freshUntil else { return nil }
        return text
    }
}

extension Tree {
    /// Bytes of texts that are kept for who looks again; the least used go first.
    private static let documentBudget = 16 << 20
    /// The mount's own figures are of the moment; they last as long as a `stat` and the `open` after it.
    private static let reportLifetime = Duration.seconds(1)

    /// A text, without asking anybody; `nil` if that has to be.
    public func knownText(of document: DocumentFile) -> [UInt8]? {
        state.withLock { $0.fresh(document, at: now()) }
    }

    /// A text that the mount makes itself, as it was made last: who is just being told of it has that one.
    public func lastReport(_ document: DocumentFile) -> [UInt8]? {
        document.isReport ? state.withLock { $0.documents[document]?.text } : nil
    }

    /// A text, asked for if need be; an old one if the service can't be reached.
    public func text(of document: DocumentFile) async throws(BaseSpaceError) -> [UInt8] {
        try await answer(to: "a document") { state in
            if let text = state.fresh(document, at: now()) { return .known(.success(text)) }
            let slot = state.documents[document]
            let flight = slot?.flight ?? DocumentSlot.Flight { await self.fetch(document) }
            state.documents[document, default: DocumentSlot()].flight = flight
            // The service has no part in the mount's own figures.
            guard !document.isReport, let slot, slot.text != nil else {
                return .wait(flight, isAnswer: slot?.isOutdated != true, patience: nil)
            }
            let patience = state.outage.patience(at: now(), isRefresh: slot.freshUntil == nil)
            return .wait(flight, isAnswer: !slot.isOutdated, patience: patience)
        }
    }

    /// Asks anew for all texts of the service at the next look.
    ///
    /// - Returns: Those that the kernel knows.
    public func outdateDocuments() -> [InodeNumber] {
        state.withLock { state in
            // They are few, and asked for one by one.
            for document in state.documents.keys where !document.isReport { state.outdate(document) }
            guard !state.documents.isEmpty else { return [] }
            return state.slots.values.filter { slot in
                if case .document(let document) = slot.node.content { !document.isReport } else { false }
            }.map(\.node.inode)
        }
    }

    private func fetch(_ document: DocumentFile) async -> Result<[UInt8], BaseSpaceError> {
        let start = now()
        do throws(BaseSpaceError) {
            let text: [UInt8]
            if case .report(let name) = document {
                text = await configuration.reports[name]?() ?? []
            } else {
                text = try await service.text(of: document)
            }
            let lifetime = document.isReport ? Self.reportLifetime : configuration.documentLifetime
            state.withLock { state in
                state.looks += 1
                if !document.isReport { state.outage.isOver(at: now()) }
                let isOutdated = state.documents[document]?.isOutdated ?? false
                state.documents[document] = DocumentSlot(
                    text: text,
                    freshUntil: isOutdated ? nil : now() + lifetime,
                    lastUse: state.looks
                )
                state.dropDocuments(keeping: document, over: Self.documentBudget)
            }
            return .success(text)
        } catch {
            return state.withLock { state in
                state.documents[document]?.flight = nil
                state.documents[document]?.isOutdated = false
                state.noteFailure(error, since: start, at: now())
                guard error.isNoAnswer, let old = state.documents[document]?.text else {
                    state.documents[document] = nil
                    return .failure(error)
                }
                // Who looks it up finds it with its size.
                state.documents[document]?.freshUntil = now() + configuration.retryInterval
                return .success(old)
            }
        }
    }
}

extension Tree.State {
    /// A text that is fresh, or as good as that while the service is away.
    fileprivate mutating func fresh(_ document: DocumentFile, at now: ContinuousClock.Instant) -> [UInt8]? {
        guard let slot = documents[document], let text = slot.text else { return nil }
        if slot.fresh(at: now) == nil {
            guard !document.isReport, let end = outage.pause(at: now) else { return nil }
            documents[document]?.freshUntil = end
        }
        looks += 1
        documents[document]?.lastUse = looks
        return text
    }

    /// The next look asks, and so does whoever waits for a call that is under way.
    mutating func outdate(_ document: DocumentFile) {
        guard let slot = documents[document] else { return }
        documents[document]?.freshUntil = nil
        documents[document]?.isOutdated = slot.flight != nil
    }

    /// Forgets the texts that were looked at longest ago, once all of them weigh more than `budget` bytes, until the others
    /// are a little below it: the next one should not have to sort them all again.
    fileprivate mutating func dropDocuments(keeping kept: DocumentFile, over budget: Int) {
        var total = documents.values.reduce(0) { $0 + $1.weight }
        guard total > budget else { return }
        for (document, slot) in documents.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard total > budget - budget / 8 else { return }
            guard document != kept, slot.flight == nil else { continue }
            // A long one is not given up only for that.
            guard total > budget || slot.weight <= budget / 8 else { return }
            total -= slot.weight
            documents[document] = nil
        }
    }
}
