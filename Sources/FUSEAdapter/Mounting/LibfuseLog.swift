import CFUSE
import Glibc
import Logging
import Synchronization

/// Takes what libfuse would print to standard error. Its hook is one per process and carries no context, so this is
/// the one place that keeps state for the process.
enum LibfuseLog {
    private struct State {
        var logger: Logger?
        var collected: [String]?
    }

    private static let state = Mutex(State())

    /// Sends libfuse's lines to `logger` from now on.
    static func redirect(to logger: Logger) {
        state.withLock { $0.logger = logger }
        fuse_set_log_func { level, format, arguments in
            guard let format, let arguments else { return }
            let line = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
                vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return buffer.baseAddress.map { String(cString: $0) } ?? ""
            }
            LibfuseLog.take(line, isError: level.rawValue <= FUSE_LOG_ERR.rawValue)
        }
    }

    /// Runs `body` and returns what libfuse said meanwhile, instead of logging it.
    static func collect<Result>(_ body: () -> Result) -> (result: Result, lines: [String]) {
        state.withLock { $0.collected = [] }
        let result = body()
        let lines = state.withLock { state in
            defer { state.collected = nil }
            return state.collected ?? []
        }
        return (result, lines)
    }

    private static func take(_ text: String, isError: Bool) {
        let line = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        let logger = state.withLock { state in
            state.collected?.append(line)
            return state.collected == nil ? state.logger : nil
        }
        logger?.log(level: isError ? .warning : .debug, "libfuse: \(line)")
    }
}
