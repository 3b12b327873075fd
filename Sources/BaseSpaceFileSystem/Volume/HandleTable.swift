internal import Namespace
internal import RemoteFiles
internal import Synchronization

/// What a file handle stands for.
enum OpenHandle: Sendable {
    /// A file of the service, for reading.
    case remote(OpenContent)
    /// A text as it was when it was opened.
    case text([UInt8])
    /// A file whose writes are commands: `Status`, `.commands`.
    case command(Node)
    /// A property of text, for writing.
    case property(WrittenProperty)
    /// A staged file.
    case staged(StagedHandle)
    /// A directory as it was when it was opened.
    case directory(DirectorySnapshot)
}

/// A directory as one `opendir` saw it.
final class DirectorySnapshot: Sendable {
    let contents: DirectoryContents
    /// The thread that opened it.
    let reader: Int32
    private let detail: ListingHabits.Detail

    init(contents: DirectoryContents, detail: ListingHabits.Detail, reader: Int32) {
        self.contents = contents
        self.detail = detail
        self.reader = reader
    }

    /// Whether whoever reads it is to have the attributes of a child with its name.
    func tellsAttributes(of child: Node) -> Bool {
        child.isDirectory || tellsAttributes(ofFile: child.name)
    }

    /// The same of a child that is no directory.
    func tellsAttributes(ofFile name: String) -> Bool {
        switch detail {
        case .attributes: true
        case .attributesBut(let probe): name != probe
        case .names: false
        }
    }
}

/// The open handles by their numbers. Numbers are never used again.
final class HandleTable: Sendable {
    private struct State {
        var handles: [UInt64: OpenHandle] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    func insert(_ handle: OpenHandle) -> FileHandle {
        state.withLock { state in
            state.last += 1
            state.handles[state.last] = handle
            return FileHandle(rawValue: state.last)
        }
    }

    subscript(handle: FileHandle) -> OpenHandle? {
        state.withLock { $0.handles[handle.rawValue] }
    }

    func remove(_ handle: FileHandle) -> OpenHandle? {
        state.withLock { $0.handles.removeValue(forKey: handle.rawValue) }
    }

    /// The handles that write a property.
    func writers(of place: PropertyPlace) -> [WrittenProperty] {
        state.withLock { state in
            state.handles.values.compactMap { handle in
                guard case .property(let property) = handle, property.place == place else { return nil }
                return property
            }
        }
    }
}
