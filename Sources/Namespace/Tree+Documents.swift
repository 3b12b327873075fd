public import BaseSpaceAPI
internal import Synchronization

/// A text in the course of time; see ``ListingSlot``.
struct DocumentSlot: Sendable {
    typealias Flight = Task<Result<[UInt8], BaseSpaceError>, Never>

    var text: [UInt8]?
    var freshUntil: ContinuousClock.Instant?
    var flight: Flight?
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
        state.withLock { state in
            guard let text = state.documents[document]?.fresh(at: now()) else { return nil }
            state.looks += 1
            state.documents[document]?.lastUse = state.looks
            return text
        }
    }

    /// A text that the mount makes itself, as it was made last: who is just being told of it has that one.
    public func lastReport(_ document: DocumentFile) -> [UInt8]? {
        document.isReport ? state.withLock { $0.documents[document]?.text } : nil
    }

    /// A text, asked for if need be; an old one if the service can't be reached.
    public func text(of document: DocumentFile) async throws(BaseSpaceError) -> [UInt8] {
        if let text = knownText(of: document) { return text }
        let (old, patience) = state.withLock { state -> ([UInt8]?, Duration?) in
            // The service has no part in the mount's own figures.
            guard !document.isReport, let slot = state.documents[document] else { return (nil, nil) }
            return (slot.text, state.outage.patience(at: now(), isRefresh: slot.freshUntil == nil))
        }
        if let old, patience == .zero { return old }
        let flight = state.withLock { state -> DocumentSlot.Flight in
            if let flight = state.documents[document]?.flight { return flight }
            let flight = DocumentSlot.Flight { await self.fetch(document) }
            state.documents[document, default: DocumentSlot()].flight = flight
            return flight
        }
        guard let result = await result(of: flight, or: old, after: patience) else {
            throw BaseSpaceError.cancelled("a document")
        }
        return try result.get()
    }

    /// Asks anew at the next look.
    func refresh(_ document: DocumentFile) {
        state.withLock { $0.documents[document]?.freshUntil = nil }
    }

    private func fetch(_ document: DocumentFile) async -> Result<[UInt8], BaseSpaceError> {
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
                if !document.isReport { state.noteOutage(nil, at: now()) }
                state.documents[document] = DocumentSlot(text: text, freshUntil: now() + lifetime, lastUse: state.looks)
                state.dropDocuments(keeping: document, over: Self.documentBudget)
            }
            return .success(text)
        } catch {
            return state.withLock { state in
                state.documents[document]?.flight = nil
                state.noteOutage(error, at: now())
                guard error.isUnreachable, let old = state.documents[document]?.text else {
                    state.documents[document] = nil
                    return .failure(error)
                }
                return .success(old)
            }
        }
    }
}

extension Tree.State {
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
