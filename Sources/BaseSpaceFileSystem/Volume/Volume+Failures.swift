internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import Synchronization
internal import SystemPackage

/// A failure that the log and `.error` know already.
struct Refusal: Error {
    let errno: Errno
}

/// What becomes of a failure: an errno for the program, words for the log and for the `.error` of its directory.
extension Volume {
    /// Logs a failure, notes it for `.error`, and answers the errno.
    ///
    /// - Parameters:
    ///   - what: What was being done, as in `looking up 'x'`.
    ///   - directory: Where; `nil` if no directory has to do with it.
    func failed(_ error: any Error, doing what: String, in directory: InodeNumber?) -> Errno {
        let report = FailureReport(error, doing: what)
        note(report, in: directory)
        // Who polls for a file while the service is away would fill the disk with one line.
        guard loggedLines.withLock({ $0.isNew(report.message, at: .now) }) else { return report.errno }
        return report.logged(to: logger)
    }

    /// Runs an operation on names, and notes for `.error` why it fails at once, unless that is noted already in words that
    /// say more. That a name is missing is what programs look for.
    func noting<Value>(
        _ what: @autoclosure () -> String,
        in directory: InodeNumber,
        _ operation: () throws(Errno) -> Value
    ) throws(Errno) -> Value {
        let start = Timestamp.now
        do throws(Errno) {
            return try operation()
        } catch {
            let isNoted = failures[directory].map { $0.errno == error && $0.moment >= start } ?? false
            if error != .noSuchFileOrDirectory, !isNoted {
                let message = "\(what()): \(error)\(reason(for: error, in: directory))"
                failures.note(.init(errno: error, message: message, requestID: nil, moment: .now), in: directory)
            }
            throw error
        }
    }

    /// What the errno alone leaves open.
    private func reason(for errno: Errno, in directory: InodeNumber) -> String {
        switch errno {
        case .readOnlyFileSystem where configuration.isReadOnly:
            return "; the mount is read-only"
        case .readOnlyFileSystem:
            return "; only an AppResult whose AppSession goes on can be changed"
        case .notPermitted where tree.node(directory)?.filePlace != nil:
            let advice = configuration.allowsOverwrite ? "" : "; with --allow-overwrite it can be written again"
            return "; what is uploaded can't be changed, renamed or removed\(advice)"
        default:
            return ""
        }
    }

    /// Logs and notes that a request breaks a rule of the mount or of the service, and answers the errno.
    ///
    /// - Parameter words: What was wrong and what to do.
    func refused(_ errno: Errno, _ words: String, in directory: InodeNumber) -> Errno {
        refusal(errno, words, in: directory).errno
    }

    /// The same in work that is waited for, which is not to be told again with the errno alone.
    func refusal(_ errno: Errno, _ words: String, in directory: InodeNumber) -> Refusal {
        logger.warning("\(words)", metadata: ["errno": "\(errno)"])
        failures.note(.init(errno: errno, message: words, requestID: nil, moment: .now), in: directory)
        return Refusal(errno: errno)
    }

    func note(_ report: FailureReport, in directory: InodeNumber?) {
        guard let directory, report.errno != .interrupted else { return }
        let entry = FailureBook.Entry(
            errno: report.errno,
            message: report.message,
            requestID: report.requestID,
            moment: .now
        )
        failures.note(entry, in: directory)
    }
}
