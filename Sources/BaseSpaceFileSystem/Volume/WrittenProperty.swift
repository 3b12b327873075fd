internal import Namespace
internal import Synchronization

/// A property of text that somebody has open to write it.
///
/// A shell truncates and closes before it writes, so what was made or emptied is not set at once: it is *emptied*, until a
/// write says which text it gets, or the close that there is none.
final class WrittenProperty: Sendable {
    private struct State {
        var text: [UInt8]?
        var isEmptied: Bool
        var wasFlushed = false
    }

    let node: Node
    let place: PropertyPlace
    /// Whether the name was made with it.
    let isNew: Bool
    /// Whether what is written goes behind what is there.
    let appends: Bool
    /// The process that opened it.
    let opener: Int32
    private let state: Mutex<State>

    init(node: Node, place: PropertyPlace, isNew: Bool, mode: OpenMode, opener: Int32) {
        self.node = node
        self.place = place
        self.isNew = isNew
        self.appends = mode.appends
        self.opener = opener
        let isEmptied = isNew || mode.truncates
        state = Mutex(State(text: isEmptied ? [] : nil, isEmptied: isEmptied))
    }

    /// What was written through this handle; `nil` where that is what others have written.
    var text: [UInt8]? { state.withLock { $0.text } }

    /// Whether nobody has told the service yet that it was made or emptied.
    var isEmptied: Bool { state.withLock { $0.isEmptied } }

    /// Whether a program ever had it: the kernel flushes what is closed.
    var wasFlushed: Bool { state.withLock { $0.wasFlushed } }

    func noteFlush() {
        state.withLock { $0.wasFlushed = true }
    }

    /// It was cut to no bytes.
    func empty() {
        state.withLock { $0 = State(text: [], isEmptied: true, wasFlushed: $0.wasFlushed) }
    }

    /// A write is on its way, which sets the whole text.
    func beginWrite() {
        state.withLock { $0.isEmptied = false }
    }

    /// This was set.
    func noteText(_ text: [UInt8]) {
        state.withLock { $0.text = text }
    }

    /// Somebody else has set or removed it since.
    ///
    /// - Returns: Whether it was emptied.
    @discardableResult
    func forget() -> Bool {
        state.withLock { state in
            defer { state = State(text: nil, isEmptied: false, wasFlushed: state.wasFlushed) }
            return state.isEmptied
        }
    }

    /// Whether it was emptied, once: who asks tells the service.
    func takeEmptied() -> Bool {
        state.withLock { state in
            defer { state.isEmptied = false }
            return state.isEmptied
        }
    }
}
