import Glibc
import Logging
import SystemPackage

/// Where the log of a mount goes: to the file that was asked for, to standard error, or nowhere.
///
/// A mount in the background has no standard error: the terminal it started from belongs to others by then. What it
/// had to say about its start went to its starter.
struct Log {
    private let file: LogFile?
    private let level: Logger.Level
    /// Standard error is not the mount's any more once it answers.
    private let leavesTerminal: Bool

    init(_ request: MountProcess.Request) throws(CommandFailure) {
        let isInBackground = request.readinessDescriptor != nil && !request.isTied
        leavesTerminal = isInBackground
        // Under `exec` standard error is the command's, so only what matters goes there.
        level = request.options.logLevel ?? (request.isTied ? .warning : .info)
        if let path = request.options.logFile {
            do throws(Errno) {
                file = try LogFile.open(FilePath(path))
            } catch {
                throw CommandFailure("can't write the log \(path): \(error)")
            }
        } else {
            file = isInBackground ? nil : .standardError
        }
        if request.readinessDescriptor != nil {
            Self.redirect(STDOUT_FILENO, to: nil)
        }
    }

    /// Makes every logger of the process write here. Once in a process.
    func bootstrap() {
        let (file, level) = (file, level)
        LoggingSystem.bootstrap { label in
            guard let file else { return SwiftLogNoOpLogHandler() }
            return LineLogHandler(label: label, level: level) { file.append($0) }
        }
    }

    /// Gives back what came with the starter: its standard error and its working directory, which would otherwise
    /// stay in use for as long as the mount lives. What the runtime writes on a crash goes to the log file.
    func detachFromTerminal() {
        guard leavesTerminal else { return }
        Self.redirect(STDERR_FILENO, to: file)
        chdir("/")
    }

    private static func redirect(_ descriptor: CInt, to file: LogFile?) {
        if let file {
            dup2(file.descriptor, descriptor)
            return
        }
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(nothing, descriptor)
        close(nothing)
    }
}
