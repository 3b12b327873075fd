import Glibc
import SystemPackage

/// Where log lines go: a descriptor that every line reaches in one `write`, so that lines of several threads, or of
/// several mounts that append to one file, don't mix.
final class LogFile: Sendable {
    let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Standard error.
    static let standardError = LogFile(descriptor: STDERR_FILENO)

    /// A file to append to. It is made readable by its owner alone: names of samples are confidential too.
    static func open(_ path: FilePath) throws(Errno) -> LogFile {
        let descriptor = Glibc.open(path.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return LogFile(descriptor: descriptor)
    }

    /// Appends one line. A log that can't be written is no reason to stop.
    func append(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { bytes in
            _ = write(descriptor, bytes.baseAddress, bytes.count)
        }
    }
}
