internal import CLinux
internal import GRDB
internal import Glibc
internal import Logging
internal import Synchronization
internal import SystemPackage
internal import Threading

/// Files that are sealed are whole, but perhaps in the page cache only: were the machine to go down, the journal would
/// promise bytes that are not there. So they are written to disk soon after, many at once, and then marked; who is not
/// marked when the machine has gone down is not uploaded by itself.
///
/// It is done at the next look at the requests, so a file that is uploaded within a second costs no sync at all.
extension Journal {
    /// Makes all that is sealed safe on the disk, without blocking the caller's thread. The journal does so by itself
    /// once it observes; this is for the end of a mount.
    public func secure() async {
        await work.run { self.secureNow() }
    }

    /// A file has a commit point that is not safe on disk, or has none (any more).
    func expectSecuring(of file: JournalFile, seal: Int64?) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.unsecured[file.serial] = seal.map { Unsecured(file: file, seal: $0) }
        }
    }

    /// Does so unless that has failed not long ago.
    func secureIfDue() {
        let isDue = state.withLock { $0.unsecured.isEmpty || $0.securing.isDue() }
        if isDue { secureNow() }
    }

    /// Blocks until the disk has all that was sealed before.
    func secureNow() {
        let files = state.withLock { state in
            state.unsecured.values.compactMap { each in each.file.map { ($0, each.seal) } }
        }
        guard !files.isEmpty else { return }
        do throws(Errno) {
            try synchronizeStagingArea()
        } catch {
            // They count as unsafe from now on, as they may be; the next file that is sealed tries again.
            for (file, _) in files { expectSecuring(of: file, seal: nil) }
            logger.error("Can't write the staged files of \(stagingDirectory) to their disk: \(error); check that disk")
            return
        }
        do throws(JournalFault) {
            try database.change(durably: true) { database in
                try files.compactMap { file, seal in try file.secured(seal, in: database) }
            } committed: { marks in
                for mark in marks { mark() }
            }
        } catch {
            // The journal's disk is full, mostly, and stays so for a while.
            let isFirst = state.withLock { $0.securing.failed() }
            if isFirst { report(error, doing: "that staged files are on disk; it is tried again") }
            return
        }
        if state.withLock({ $0.securing.succeeded() }) {
            logger.notice("The journal could note again which staged files are on disk")
        }
    }

    /// One call for any number of files, and for their names.
    private func synchronizeStagingArea() throws(Errno) {
        let area = try SystemCall.perform {
            stagingDirectory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
        defer { Glibc.close(area) }
        try SystemCall.perform { CLinux_syncFileSystem(area) }
    }
}
