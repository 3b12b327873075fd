import BaseSpaceFileSystem
import CFUSE
import Glibc
import Logging
import Namespace
import Synchronization
import SystemPackage

/// Lets the kernel read files past this process, where it can and there is a local file with the bytes.
///
/// The kernel is told of a file once, by an ioctl that answers with an id and needs CAP_SYS_ADMIN; each open is then
/// answered with that id, and no read of it arrives here. Whatever the kernel objects to, the open takes the ordinary way.
///
/// No system call is made under the lock. Two first opens of an inode at once both make an id; the table keeps one of
/// them, and the other is closed again.
final class Passthrough: Sendable {
    private let table = Mutex(PassthroughTable())
    /// Agreed with the kernel at the start of the mount.
    private let isAgreed = Atomic(false)
    /// The kernel says that we may not.
    private let isForbidden = Atomic(false)
    private let hasComplained = Atomic(false)
    /// Found out before the mount: whoever uses it before INIT is answered waits.
    private let isPrivileged = Passthrough.hasAdministratorCapability
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    // MARK: Agreeing

    /// Looks at the kernel's INIT: from here on passthrough is used if it offers that and this process may.
    func negotiate(_ request: UnsafeRawBufferPointer) {
        guard isPrivileged, KernelFeatures.offersPassthrough(request) else { return }
        isAgreed.store(true, ordering: .relaxed)
        logger.debug("The kernel will read files that are whole in the cache by itself")
    }

    /// Whether passthrough belongs into the answer to INIT.
    var isWanted: Bool { isAgreed.load(ordering: .relaxed) }

    /// Whether the calling thread has CAP_SYS_ADMIN in effect.
    private static var hasAdministratorCapability: Bool {
        let status = SmallFile.read("/proc/thread-self/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let capabilities = line.flatMap { UInt64($0.dropFirst(7).trimmingPrefix { $0.isWhitespace }, radix: 16) } ?? 0
        return capabilities & (1 << 21) != 0  // CAP_SYS_ADMIN
    }

    // MARK: Opening and releasing

    /// Decides how an open is answered. Unless it is refused, `release` follows, at the latest when the answer fails.
    func open(_ file: OpenFile, of inode: InodeNumber, device: CInt) -> PassthroughTable.Way {
        guard isWanted else { return file.isDirect ? .direct : .cached }
        var id: Int32?
        if !file.isDirect, let backing = file.backing, !isForbidden.load(ordering: .relaxed),
            !table.withLock({ $0.isDecided(inode) })
        {
            backing.withDescriptor { id = register($0, device) }
        }
        let (way, unused) = table.withLock {
            $0.open(inode, isDirect: file.isDirect, content: file.backing?.content, backing: id)
        }
        if let unused { close(unused, device) }
        switch way {
        case .passthrough(let id):
            logger.debug("The kernel reads inode \(inode.rawValue) by itself, from backing file \(id)")
        case .refused:
            logger.notice(
                "Inode \(inode.rawValue) is open with other bytes; it can be opened when those who read them close it"
            )
        case .cached, .direct:
            break
        }
        return way
    }

    /// An open is over, or has not reached the kernel.
    func release(_ inode: InodeNumber, device: CInt) {
        guard isWanted, let id = table.withLock({ $0.release(inode) }) else { return }
        close(id, device)
    }

    /// Whether an inode is open by way of pages or a backing file.
    func isOpen(_ inode: InodeNumber) -> Bool { table.withLock { $0.isDecided(inode) } }

    /// Whether nothing is open; `true` too where passthrough is not used.
    var isIdle: Bool { table.withLock { $0.isEmpty } }

    private func register(_ file: CInt, _ device: CInt) -> Int32? {
        let id = cfuse_backing_open(device, file)
        guard id <= 0 else { return id }
        let error = Errno(rawValue: errno)
        if error == .notPermitted { isForbidden.store(true, ordering: .relaxed) }
        complain("The kernel does not take files to read by itself: \(error)")
        return nil
    }

    private func close(_ id: Int32, _ device: CInt) {
        if cfuse_backing_close(device, id) != 0 {
            complain("The kernel does not let go of backing file \(id): \(Errno(rawValue: errno))")
        }
    }

    /// Once: what it says (no privilege, a cache on an overlay) stays so for the mount.
    private func complain(_ message: @autoclosure () -> String) {
        guard !hasComplained.exchange(true, ordering: .relaxed) else { return }
        logger.debug("\(message())")
    }
}
