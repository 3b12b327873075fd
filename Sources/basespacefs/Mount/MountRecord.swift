import Glibc
import SystemPackage

/// The note that a daemon leaves for `unmount`: who it is and what it is still doing.
///
/// The daemon holds a lock on the file for as long as it lives, so the lock tells that it is gone, whatever ended it
/// and whoever has its process number since. The file is named after the mount's device number.
enum MountRecord {
    /// What the note says.
    struct Content: Equatable {
        /// The daemon.
        var pid: Int32
        /// What it is doing, when that is more than serving.
        var progress: String?
        /// Why it did not end well.
        var failure: String?
        /// What should be known beside that.
        var note: String?

        /// The note as text: a word and its value on each line.
        var text: String {
            let lines = [
                "pid \(pid)", progress.map { "progress \($0)" }, failure.map { "failure \($0)" },
                note.map { "note \($0)" },
            ]
            return lines.compactMap { $0?.replacing("\n", with: " ") }.joined(separator: "\n") + "\n"
        }

        init(pid: Int32, progress: String? = nil, failure: String? = nil, note: String? = nil) {
            self.pid = pid
            self.progress = progress
            self.failure = failure
            self.note = note
        }

        /// Reads a note. Lines that are not understood are left out.
        init(parsing text: String) {
            self.init(pid: 0)
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "pid": pid = Int32(parts[1]) ?? 0
                case "progress": progress = parts[1]
                case "failure": failure = parts[1]
                case "note": note = parts[1]
                default: break
                }
            }
        }
    }

    /// The daemon's side.
    final class Writer: Sendable {
        private let descriptor: CInt
        private let path: FilePath

        /// Makes the note of the mount with this device number, and locks it.
        init(device: String) throws(Errno) {
            let directory = RuntimeDirectory.records(of: geteuid())
            try RuntimeDirectory.makePrivate(directory)
            path = directory.appending(device)
            descriptor = try Self.openLocked(path)
            write(Content(pid: getpid()))
        }

        /// Opens the file and locks it. A daemon that goes on with its uploads after its mount is gone may hold the one that is
        /// there, since the kernel gives the device number away again: who waits for it has that file open, without a name.
        private static func openLocked(_ path: FilePath) throws(Errno) -> CInt {
            var failure = Errno.wouldBlock
            for _ in 0..<2 {
                let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
                guard descriptor >= 0 else { throw Errno(rawValue: errno) }
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
                failure = Errno(rawValue: errno)
                close(descriptor)
                guard failure == .wouldBlock else { break }
                unlink(path.string)
            }
            throw failure
        }

        /// Replaces what the note says. Readers may meet it half written and read it again.
        func write(_ content: Content) {
            var text = content.text
            text.withUTF8 { bytes in
                ftruncate(descriptor, 0)
                _ = pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
            }
        }

        /// Takes the file away, unless the name is another mount's by now. The lock stays until the process has ended.
        func remove() {
            var (own, named) = (stat(), stat())
            guard fstat(descriptor, &own) == 0, lstat(path.string, &named) == 0,
                own.st_ino == named.st_ino, own.st_dev == named.st_dev
            else { return }
            unlink(path.string)
        }

        deinit {
            close(descriptor)
        }
    }

    /// The side of those who wait for a daemon.
    final class Reader {
        private let descriptor: CInt

        /// Room for the paths of all files that a failure names, in the mount and here.
        private static let longestText = 1 << 17

        /// Opens the note of a mount; `nil` when there is none that this user may read.
        init?(device: String, user: uid_t) {
            let path = RuntimeDirectory.records(of: user).appending(device)
            descriptor = open(path.string, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            if descriptor < 0 { return nil }
        }

        /// What the note says now.
        var content: Content {
            var bytes = [UInt8](repeating: 0, count: Self.longestText)
            let count = pread(descriptor, &bytes, bytes.count, 0)
            return Content(parsing: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
        }

        /// Whether the daemon has ended.
        var isAbandoned: Bool {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
            flock(descriptor, LOCK_UN)
            return true
        }

        deinit {
            close(descriptor)
        }
    }
}
