internal import BaseSpaceAPI
internal import Glibc
public import Namespace
internal import Synchronization
public import SystemPackage

/// `.error` and `.commands`, which every directory has: a program's errno and arguments say too little.
extension Volume {
    /// The text of a directory's `.error`; empty if nothing has failed there.
    func errorText(of directory: InodeNumber) -> [UInt8] {
        Array((failures[directory]?.text ?? "").utf8)
    }

    /// The text of a directory's `.commands`: the words that can be written to it, a line each; none in a read-only mount.
    func commandsText(of directory: InodeNumber) -> [UInt8] {
        let node = configuration.isReadOnly ? nil : tree.node(directory)
        let commands = node.map { DirectoryCommand.possible(for: $0) } ?? []
        return Array(commands.map { $0.rawValue + "\n" }.joined().utf8)
    }

    /// Carries out what was written to a `.commands`.
    func command(_ text: String, for inode: InodeNumber, count: Int) throws(Errno) -> Answer<Int> {
        let directory = try node(inode)
        let possible = DirectoryCommand.possible(for: directory)
        let word = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        guard let command = DirectoryCommand(rawValue: word), possible.contains(command) else {
            let words = possible.map(\.rawValue).joined(separator: ", ")
            throw refused(.invalidArgument, "'\(word)' is no command here; write one of: \(words)", in: inode)
        }
        switch command {
        case .refresh:
            refresh(directory)
            return .pending { [self] () async throws(Errno) in
                await untilKernelKnows()
                return count
            }
        case .unmount:
            guard let unmount = onUnmount.withLock({ $0 }) else { throw .resourceBusy }
            unmount()
            return .ready(count)
        case .markAsComplete:
            guard case .entity(let entity) = directory.content else { throw .invalidArgument }
            guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
            return try setState(of: entity, as: .complete, in: inode, count: count)
        case .moveToTrash:
            switch try moveToTrash(directory) {
            case .ready: return .ready(count)
            case .pending(let work):
                return .pending { [self] () async throws(Errno) in
                    try await work()
                    await untilKernelKnows()
                    return count
                }
            }
        }
    }

    /// The `ioctl` that refreshes a directory: `_IO('b', 1)`. In a read-only mount nobody can write to `.commands`.
    public static let refreshRequest: UInt32 = 0x6201

    public func control(_ inode: InodeNumber, _ request: UInt32) throws(Errno) -> Answer<Void> {
        let directory = try node(inode)
        guard request == Self.refreshRequest, directory.isDirectory else { throw Errno(rawValue: ENOTTY) }
        refresh(directory)
        return .pending { [self] () async throws(Errno) in await untilKernelKnows() }
    }

    /// The service is asked anew for what a directory shows and for everything below it, and the kernel forgets that.
    func refresh(_ directory: Node) {
        tree.refresh(below: directory)
        guard let kernel = kernel.withLock({ $0 }) else { return }
        let below = tree.knownNodes(below: directory.inode)
        for node in below {
            forget(node, in: kernel)
        }
        for place in [directory] + below where place.isDirectory {
            for name in missedNames.withLock({ $0.names(in: place.inode) }) {
                kernel.invalidateEntry(name, in: place.inode)
            }
        }
    }

    /// Something was changed here that texts of the service tell of: they are asked for again.
    func forgetDocuments() {
        let known = tree.outdateDocuments()
        guard let kernel = kernel.withLock({ $0 }) else { return }
        known.forEach { kernel.invalidateInode($0) }
    }

    /// Waits until the kernel has forgotten what it was told to, so that the next look of who gave a command sees what the
    /// command did. Not for long: the kernel waits for those who look into the directories meanwhile, and they perhaps
    /// for the service.
    private func untilKernelKnows() async {
        guard let kernel = kernel.withLock({ $0 }) else { return }
        let (told, tell) = AsyncStream.makeStream(of: Void.self)
        kernel.whenTold { tell.finish() }
        let limit = Task {
            try? await Task.sleep(for: Self.patienceWithKernel)
            tell.finish()
        }
        for await _ in told {}
        limit.cancel()
    }

    private static let patienceWithKernel = Duration.seconds(1)
}

/// What `.commands` takes; BaseMount's words.
enum DirectoryCommand: String, CaseIterable {
    case refresh
    case markAsComplete = "mark-as-complete"
    case moveToTrash = "move-to-trash"
    case unmount

    /// The commands that mean something in a directory.
    static func possible(for directory: Node) -> [DirectoryCommand] {
        switch directory.content {
        case .root: [.refresh, .unmount]
        case .entity(let entity):
            switch entity.kind {
            case .sample, .appResult, .appSession: [.refresh, .markAsComplete, .moveToTrash]
            case .project, .run: [.refresh, .moveToTrash]
            case .dataset, .bioSample, .genome, .file: [.refresh]
            }
        default: [.refresh]
        }
    }
}
