import BaseSpaceFileSystem
import Namespace
import Synchronization
import SystemPackage

import class Foundation.Thread

extension MemoryFileSystem {
    func open(_ inode: InodeNumber, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile> {
        .ready(
            try state.withLock { state throws(Errno) in
                state.count("open")
                guard let node = state.nodes[inode] else { throw .staleNFSFileHandle }
                if mode.truncates {
                    state.nodes[inode]?.content = []
                    state.nodes[inode]?.attributes.size = 0
                }
                return state.open(node)
            }
        )
    }

    func create(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        let created = try state.withLock { state throws(Errno) in
            let inode = state.add(name, in: parent, kind: .regular, permissions: permissions)
            guard let node = state.nodes[inode] else { throw .ioError }
            return CreatedFile(entry: try state.refer(to: inode), file: state.open(node))
        }
        return .pending { created }
    }

    func read(
        _ handle: FileHandle,
        of inode: InodeNumber,
        at offset: UInt64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Errno) -> (any PendingRead)? {
        state.withLock { $0.count("read") }
        let node = try existing(inode)
        switch node.reading {
        case .atOnce:
            node.content.withUnsafeBytes { body($0.piece(at: offset, count: count)) }
            return nil
        case .later:
            return LaterRead(content: node.content, offset: offset, count: count)
        case .never:
            return HangingRead { self.state.withLock { $0.cancellations += 1 } }
        }
    }

    func write(
        _ handle: FileHandle,
        of inode: InodeNumber,
        bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(Errno) -> Answer<Int> {
        state.withLock { $0.count("write") }
        change(inode) { node in
            let (start, end) = (Int(offset), Int(offset) + bytes.count)
            if node.content.count < end {
                node.content.append(contentsOf: repeatElement(0, count: end - node.content.count))
            }
            node.content.replaceSubrange(start..<end, with: bytes)
            node.attributes.size = UInt64(node.content.count)
        }
        return .ready(bytes.count)
    }

    func allocate(
        _ handle: FileHandle,
        of inode: InodeNumber,
        range: Range<Int64>,
        mode: AllocationMode
    ) throws(Errno) -> Answer<Void> {
        state.withLock { $0.log.append("allocate \(range) \(mode.rawValue)") }
        guard mode.isEmpty else { throw .notSupported }
        change(inode) { node in
            node.content += repeatElement(0, count: max(0, Int(range.upperBound) - node.content.count))
            node.attributes.size = UInt64(node.content.count)
        }
        return .ready(())
    }

    func flush(_ handle: FileHandle, of inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<Void> {
        state.withLock { $0.count("flush") }
        return .pending {}
    }

    func release(_ handle: FileHandle, of inode: InodeNumber) {
        state.withLock { _ = $0.openFiles.remove(handle) }
    }

    func synchronize(_ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) throws(Errno) -> Answer<Void> {
        state.withLock { $0.log.append(dataOnly ? "fdatasync" : "fsync") }
        return .pending {}
    }
}

extension MemoryFileSystem.State {
    fileprivate mutating func open(_ node: MemoryFileSystem.Node) -> OpenFile {
        let handle = newHandle()
        openFiles.insert(handle)
        return OpenFile(
            handle: handle,
            keepsCache: node.keepsCache,
            isDirect: node.isDirect,
            skipsFlush: false,
            backing: node.backing
        )
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a read, fewer than asked for at the end.
    fileprivate func piece(at offset: UInt64, count: Int) -> UnsafeRawBufferPointer {
        let start = Swift.min(Int(offset), self.count)
        return UnsafeRawBufferPointer(rebasing: self[start..<Swift.min(start + count, self.count)])
    }
}

/// Answers from a thread of its own.
private struct LaterRead: PendingRead {
    let content: [UInt8]
    let offset: UInt64
    let count: Int

    func start(_ reply: any ReadReply) {
        Thread.detachNewThread {
            content.withUnsafeBytes { reply.succeed($0.piece(at: offset, count: count)) }
        }
    }

    func cancel() {}
}

/// Answers when it is cancelled.
private final class HangingRead: PendingRead {
    private let reply = Mutex<(any ReadReply)?>(nil)
    private let cancelled: @Sendable () -> Void

    init(cancelled: @escaping @Sendable () -> Void) {
        self.cancelled = cancelled
    }

    func start(_ reply: any ReadReply) {
        self.reply.withLock { $0 = reply }
    }

    func cancel() {
        let reply = self.reply.withLock { reply in
            defer { reply = nil }
            return reply
        }
        guard let reply else { return }
        cancelled()
        reply.fail(.interrupted)
    }
}
