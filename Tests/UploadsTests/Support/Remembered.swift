import BaseSpaceAPI
import Synchronization
import Uploads

/// A record in memory, which outlives the attempts that it is told of.
final class Remembered: UploadRecord {
    /// What it was told.
    enum Note: Hashable, Sendable {
        case sendingWhole
        case began(EntityID)
        case sent(Int)
        case abandoned
        case arrived(EntityID)
    }

    private struct State {
        var progress: UploadProgress
        var notes: [Note] = []
        var isLost = false
    }

    private let state: Mutex<State>

    init(_ progress: UploadProgress = .none) {
        state = Mutex(State(progress: progress))
    }

    var progress: UploadProgress { state.withLock { $0.progress } }
    var notes: [Note] { state.withLock { $0.notes } }

    /// From now on it remembers nothing, as the record of a process that was killed.
    func lose() {
        state.withLock { $0.isLost = true }
    }

    func sendingWhole() {
        note(.sendingWhole) { $0 = .sendingWhole }
    }

    func began(_ id: EntityID, partSize: Int64) {
        note(.began(id)) { $0 = .parts(of: id, partSize: partSize, sent: [:]) }
    }

    func sent(part number: Int, md5: String) {
        note(.sent(number)) { progress in
            guard case .parts(let id, let partSize, var sent) = progress else { return }
            sent[number] = md5
            progress = .parts(of: id, partSize: partSize, sent: sent)
        }
    }

    func sending(part number: Int) {
        state.withLock { state in
            guard !state.isLost, case .parts(let id, let partSize, var sent) = state.progress else { return }
            sent[number] = sent[number] ?? ""
            state.progress = .parts(of: id, partSize: partSize, sent: sent)
        }
    }

    func abandoned() {
        note(.abandoned) { $0 = .none }
    }

    func arrived(as id: EntityID, isCurrent: () -> Bool) {
        note(.arrived(id)) { $0 = .none }
    }

    private func note(_ note: Note, _ change: (inout UploadProgress) -> Void) {
        state.withLock { state in
            guard !state.isLost else { return }
            state.notes.append(note)
            change(&state.progress)
        }
    }
}
