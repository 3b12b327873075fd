public import BaseSpaceAPI
internal import Glibc
internal import Synchronization
public import SystemPackage

/// A local file that stands in for a remote one until it is uploaded: any offset, any order, holes, truncation, and
/// every error of the disk at the call that met it.
///
/// All calls may come from any thread. Changes of the content are serialised by one lock, which is held while the
/// kernel writes: whoever sees a `version` knows that all changes up to it are in the file and none after it, and that
/// is what an upload relies on when it decides that what it sent is what the file contains. The kernel serialises
/// writes to one file in the same way, so the lock costs no parallelism. Reads take no lock.
///
/// The descriptor lives as long as the object: a file that is removed can still be read and uploaded.
public final class StagedFile: Sendable {
    /// Where the file lies, also after `remove()`.
    public let path: FilePath

    /// Open for reading and writing; what a request's body reads from.
    let descriptor: CInt

    struct State {
        var contents: StagedContents
        var modified: Timestamp
        var uploadedVersion: UInt64?
        var isRemoved = false
        var isNameDurable = false
        var watchers = GrowthWatchers()
    }

    let state: Mutex<State>

    /// Takes over an open descriptor; without contents and time, of an empty file that was just made.
    init(
        descriptor: CInt,
        path: FilePath,
        contents: StagedContents = StagedContents(),
        modified: Timestamp = Timestamp.now
    ) {
        self.descriptor = descriptor
        self.path = path
        state = Mutex(State(contents: contents, modified: modified))
    }

    deinit {
        close(descriptor)
    }

    /// The name of the local file, by which `StagingArea.openFile` finds it again after this process.
    public var serial: String { path.lastComponent?.string ?? "" }

    /// The size in bytes.
    public var size: Int64 { state.withLock { $0.contents.size } }

    /// Grows with each change of the content: what an upload sealed. Setting `modified` is no change.
    public var version: UInt64 { state.withLock { $0.contents.version } }

    /// The version that the last successful upload carried; `nil` before the first one. While it equals `version` there
    /// is nothing to upload.
    public var uploadedVersion: UInt64? { state.withLock { $0.uploadedVersion } }

    /// The end of what was written from the file's start in one go, in bytes: what an upload may send before the file
    /// is sealed. Writing below it again does not move it; truncation lowers it.
    public var frontier: Int64 { state.withLock { $0.contents.frontier } }

    /// Whether it was sealed and not changed since.
    public var isSealed: Bool { state.withLock { $0.contents.isSealed } }

    /// Declares that the file is what its writer meant to write, until it changes again: its upload may end.
    public func seal() {
        change { $0.contents.seal() }
    }

    /// The time of the last change of the content, or what was set after it. What is set is written to the local file
    /// too, so that it outlives this process; a disk that refuses it changes nothing else.
    public var modified: Timestamp {
        get { state.withLock { $0.modified } }
        set {
            state.withLock { state in
                state.modified = newValue
                var times = (
                    timespec(tv_sec: 0, tv_nsec: Self.omitted),
                    timespec(tv_sec: Int(newValue.seconds), tv_nsec: Int(newValue.nanoseconds))
                )
                withUnsafePointer(to: &times) { times in
                    times.withMemoryRebound(to: timespec.self, capacity: 2) { _ = futimens(descriptor, $0) }
                }
            }
        }
    }

    /// UTIME_OMIT, which Swift does not import: leaves a time as it is.
    private static let omitted = (1 << 30) - 2

    /// Writes all of `bytes` at `offset`, or throws; a write that throws leaves the size as it was.
    ///
    /// - Returns: The number of bytes, always `bytes.count`.
    /// - Throws: What the disk says: `noSpace`, `diskQuotaExceeded`, `fileTooLarge`, `ioError`; `invalidArgument` for a
    ///   negative offset.
    @discardableResult
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        guard offset >= 0 else { throw .invalidArgument }
        guard offset <= Int64.max - Int64(bytes.count) else { throw .fileTooLarge }
        guard !bytes.isEmpty else { return 0 }
        try change { (state) throws(Errno) in
            var written = 0
            do throws(Errno) {
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let position = Int(offset) + written
                    let count = try SystemCall.perform { pwrite(descriptor, rest.baseAddress, rest.count, position) }
                    // A regular file never takes 0 of some bytes; if one does, going on would never end.
                    guard count > 0 else { throw .ioError }
                    written += count
                }
            } catch {
                takeBack(offset..<offset + Int64(written), from: &state)
                throw error
            }
            state.contents.wrote(offset..<offset + Int64(bytes.count))
            state.modified = Timestamp.now
        }
        return bytes.count
    }

    /// Fills `buffer` from `offset`.
    ///
    /// - Returns: The number of bytes read, less than asked for only at the end of the file.
    public func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        guard offset >= 0 else { throw .invalidArgument }
        // The kernel refuses ranges that reach beyond the largest offset, though nothing can lie there.
        let count = min(buffer.count, Int(Int64.max - offset))
        var filled = 0
        while filled < count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count])
            let position = Int(offset) + filled
            let read = try SystemCall.perform { pread(descriptor, rest.baseAddress, rest.count, position) }
            if read == 0 { break }
            filled += read
        }
        return filled
    }

    /// Moves the end of the file; new bytes are zeros. Nothing changes when the size is already the one asked for.
    public func truncate(to size: Int64) throws(Errno) {
        guard size >= 0 else { throw .invalidArgument }
        try change { (state) throws(Errno) in
            guard size != state.contents.size else { return }
            try SystemCall.perform { ftruncate(descriptor, Int(size)) }
            state.contents.truncated(to: size)
            state.modified = Timestamp.now
        }
    }

    /// Makes the content durable on the local disk, and the file's name in its directory too. Blocks: the caller runs
    /// it where that harms nobody (`BlockingWork`).
    ///
    /// - Parameter dataOnly: Whether times may be left out, as in `fdatasync`.
    public func synchronize(dataOnly: Bool) throws(Errno) {
        try SystemCall.perform { dataOnly ? fdatasync(descriptor) : fsync(descriptor) }
        guard state.withLock({ !$0.isNameDurable && !$0.isRemoved }) else { return }
        let directory = try SystemCall.perform {
            path.removingLastComponent().withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
        defer { close(directory) }
        try SystemCall.perform { fsync(directory) }
        state.withLock { $0.isNameDurable = true }
    }

    /// Deletes the local file. What holds the object can still read, write and upload it.
    public func remove() {
        let isFirst = state.withLock { state in
            defer { state.isRemoved = true }
            return !state.isRemoved
        }
        if isFirst {
            // Nobody could do anything about an error here: the name is random and nothing looks for it.
            _ = path.withPlatformString { unlink($0) }
        }
    }

    /// Looks at the content's description while nothing can change. `body` must be short and call nothing that blocks.
    func inspect<Result>(_ body: (StagedContents) -> sending Result) -> sending Result {
        state.withLock { body($0.contents) }
    }

    /// Notes that the server has this version.
    func markUploaded(version: UInt64) {
        state.withLock { $0.uploadedVersion = version }
    }

    /// Undoes the growth by a write that found no place for its rest; bytes that it replaced stay replaced.
    private func takeBack(_ range: Range<Int64>, from state: inout State) {
        guard !range.isEmpty else { return }
        if range.upperBound > state.contents.size {
            _ = ftruncate(descriptor, Int(state.contents.size))
        }
        state.contents.replaced(range)
        state.modified = Timestamp.now
    }

    /// Changes the content under the lock, and tells those who wait for it after unlock.
    func change<Failure: Error>(_ body: (inout State) throws(Failure) -> Void) throws(Failure) {
        let (failure, reached) = state.withLock { state in
            var failure: Failure?
            do throws(Failure) {
                try body(&state)
            } catch {
                failure = error
            }
            return (failure, state.watchers.takeReached(by: state.contents))
        }
        for watcher in reached { watcher.resume(returning: true) }
        if let failure { throw failure }
    }
}
