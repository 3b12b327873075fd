import BaseSpaceAPI
import BaseSpaceFileSystem
import Namespace
import Synchronization
import SystemPackage

/// A file system in memory, with some names that misbehave on purpose.
///
/// Lookups of `hang…` never answer until they are cancelled, those of `error-N` fail with errno N, and those of
/// `later-error-N` do so from a task.
final class MemoryFileSystem: FileSystem {
    /// How the bytes of a file are handed over.
    enum Reading: Sendable {
        case atOnce
        /// From a thread of its own.
        case later
        /// Only an error, once it is cancelled.
        case never
    }

    struct Node {
        var attributes: Attributes
        var content: [UInt8] = []
        var children: [String: InodeNumber] = [:]
        var parent: InodeNumber = .root
        var target = ""
        var extendedAttributes: [String: [UInt8]] = [:]
        var reading: Reading = .atOnce
        var keepsCache = false
        var isDirect = false
        var backing: (any FileBacking)?
        /// Lookup references that the kernel holds.
        var references: UInt64 = 0
    }

    struct State {
        var nodes: [InodeNumber: Node] = [:]
        var lastInode: UInt64 = 1
        var lastHandle: UInt64 = 0
        var openFiles: Set<FileHandle> = []
        var listings: [FileHandle: [DirectoryEntry]] = [:]
        /// Calls by operation, for instance `lookup` and `lookup name`.
        var calls: [String: Int] = [:]
        var cancellations = 0
        /// Written by the latest `flush`, `fsync` and so on.
        var log: [String] = []
    }

    /// Seconds for which the kernel may keep what it was told; longer than any test.
    static let lifetime = 3600.0

    let state = Mutex(State())

    init() {
        state.withLock { state in
            state.nodes[.root] = Node(attributes: Self.attributes(.root, .directory, 0o755))
        }
    }

    static func attributes(_ inode: InodeNumber, _ kind: Attributes.Kind, _ permissions: UInt16) -> Attributes {
        Attributes(
            inode: inode,
            kind: kind,
            permissions: permissions,
            size: 0,
            uid: 0,
            gid: 0,
            modified: Timestamp(seconds: 1_500_000_000, nanoseconds: 123_456_789),
            blockSize: 1 << 20
        )
    }

    // MARK: What tests do behind the kernel's back

    @discardableResult
    func add(
        _ name: String,
        in parent: InodeNumber = .root,
        kind: Attributes.Kind = .regular,
        content: [UInt8] = [],
        _ adjust: (inout Node) -> Void = { _ in }
    ) -> InodeNumber {
        state.withLock { state in
            let inode = state.add(name, in: parent, kind: kind, permissions: kind == .directory ? 0o755 : 0o644)
            state.nodes[inode]?.content = content
            state.nodes[inode]?.attributes.size = UInt64(content.count)
            if var node = state.nodes[inode] {
                adjust(&node)
                state.nodes[inode] = node
            }
            return inode
        }
    }

    func change(_ inode: InodeNumber, _ body: (inout Node) -> Void) {
        state.withLock { state in
            // Taken out, so that its content has one owner and is not copied by the change.
            guard var node = state.nodes.removeValue(forKey: inode) else { return }
            body(&node)
            state.nodes[inode] = node
        }
    }

    func calls(_ operation: String) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

    var cancellations: Int { state.withLock { $0.cancellations } }

    var log: [String] { state.withLock { $0.log } }

    func content(of inode: InodeNumber) -> [UInt8] { state.withLock { $0.nodes[inode]?.content ?? [] } }

    func node(_ name: String, in parent: InodeNumber = .root) -> Node? {
        state.withLock { state in
            state.nodes[parent]?.children[name].flatMap { state.nodes[$0] }
        }
    }

    // MARK: Names

    func lookup(_ name: String, in parent: InodeNumber, caller: Caller) throws(Errno) -> Answer<LookupResult> {
        state.withLock { $0.count("lookup", name) }
        if name.hasPrefix("hang") { return .pending { () async throws(Errno) in try await self.hang() } }
        if let number = name.number(after: "error-") { throw Errno(rawValue: number) }
        if let number = name.number(after: "later-error-") {
            return .pending { () async throws(Errno) in
                await Task.yield()
                throw Errno(rawValue: number)
            }
        }
        let result = try state.withLock { state throws(Errno) in
            guard let directory = state.nodes[parent] else { throw .staleNFSFileHandle }
            guard let inode = directory.children[name] else { return LookupResult.missing(lifetime: Self.lifetime) }
            return .found(try state.refer(to: inode))
        }
        guard name.hasPrefix("later") else { return .ready(result) }
        return .pending {
            await Task.yield()
            return result
        }
    }

    /// Waits to be cancelled.
    private func hang<Value>() async throws(Errno) -> Value {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(3600))
        }
        state.withLock { $0.cancellations += 1 }
        throw .interrupted
    }

    func forget(_ inode: InodeNumber, count: UInt64) {
        change(inode) { $0.references -= count }
    }

    func readSymbolicLink(_ inode: InodeNumber) throws(Errno) -> Answer<String> {
        .ready(try existing(inode).target)
    }

    func makeSymbolicLink(_ name: String, in parent: InodeNumber, to target: String) throws(Errno) -> Answer<Entry> {
        throw .notPermitted
    }

    func makeDirectory(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        caller: Caller
    ) throws(Errno) -> Answer<Entry> {
        .ready(
            try state.withLock { state throws(Errno) in
                try state.refer(to: state.add(name, in: parent, kind: .directory, permissions: permissions))
            }
        )
    }

    func removeDirectory(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        .ready(
            try state.withLock { state throws(Errno) in
                let node = try state.child(name, of: parent)
                guard node.children.isEmpty else { throw .directoryNotEmpty }
                state.nodes[parent]?.children[name] = nil
            }
        )
    }

    func removeFile(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        .ready(
            try state.withLock { state throws(Errno) in
                _ = try state.child(name, of: parent)
                state.nodes[parent]?.children[name] = nil
            }
        )
    }

    func rename(
        _ name: String,
        in parent: InodeNumber,
        to newName: String,
        in newParent: InodeNumber,
        replacing: Bool
    ) throws(Errno) -> Answer<Void> {
        .ready(
            try state.withLock { state throws(Errno) in
                let inode = try state.child(name, of: parent).attributes.inode
                if !replacing && state.nodes[newParent]?.children[newName] != nil { throw .fileExists }
                state.nodes[parent]?.children[name] = nil
                state.nodes[newParent]?.children[newName] = inode
            }
        )
    }

    func existing(_ inode: InodeNumber) throws(Errno) -> Node {
        guard let node = state.withLock({ $0.nodes[inode] }) else { throw .staleNFSFileHandle }
        return node
    }
}

extension MemoryFileSystem.State {
    mutating func count(_ operation: String, _ detail: String = "") {
        calls[operation, default: 0] += 1
        if !detail.isEmpty { calls["\(operation) \(detail)", default: 0] += 1 }
    }

    mutating func add(
        _ name: String,
        in parent: InodeNumber,
        kind: Attributes.Kind,
        permissions: UInt16
    ) -> InodeNumber {
        lastInode += 1
        let inode = InodeNumber(rawValue: lastInode)
        nodes[inode] = .init(attributes: MemoryFileSystem.attributes(inode, kind, permissions), parent: parent)
        nodes[parent]?.children[name] = inode
        return inode
    }

    func child(_ name: String, of parent: InodeNumber) throws(Errno) -> MemoryFileSystem.Node {
        guard let inode = nodes[parent]?.children[name], let node = nodes[inode] else { throw .noSuchFileOrDirectory }
        return node
    }

    /// Hands out a lookup reference.
    mutating func refer(to inode: InodeNumber) throws(Errno) -> Entry {
        guard let node = nodes[inode] else { throw .staleNFSFileHandle }
        nodes[inode]?.references += 1
        return Entry(
            TimedAttributes(node.attributes, lifetime: MemoryFileSystem.lifetime),
            lifetime: MemoryFileSystem.lifetime
        )
    }

    mutating func newHandle() -> FileHandle {
        lastHandle += 1
        return FileHandle(rawValue: lastHandle)
    }
}

extension String {
    fileprivate func number(after prefix: String) -> CInt? {
        hasPrefix(prefix) ? CInt(dropFirst(prefix.count)) : nil
    }
}
