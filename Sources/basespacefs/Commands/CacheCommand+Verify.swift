import ArgumentParser
import BlockCache
import Glibc
import SystemPackage

extension CacheCommand {
    /// `basespacefs cache verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Read all that is cached, and drop what is damaged.",
            discussion: """
                Mounts check what they read anyway; this finds damage before somebody waits for it. Exits with 1 when \
                something was damaged. Ctrl-C ends it between two blocks.
                """
        )

        @OptionGroup var options: CacheOptions

        private static let signals = Signals([SIGINT, SIGTERM, SIGHUP])

        func run() throws {
            Self.signals.block()
            let status = try options.withCache(changing: true) { cache, directory in
                let (found, interruption) = verify(cache)
                try VerificationReport(directory, found).print(asJSON: options.json)
                if let interruption {
                    return ExitStatus.endedBy(signal: interruption.signal)
                }
                return found.wrong == 0 ? .success : .failure
            }
            Glibc.exit(status.rawValue)
        }

        private func verify(_ cache: BlockCache) -> (BlockCache.Verification, Signals.Delivery?) {
            let total = cache.info().bytes
            var progress = ProgressLine()
            var interruption: Signals.Delivery?
            let found = cache.verify { found in
                interruption = Self.signals.takePending()
                // What is stored meanwhile is read too.
                progress.show("verifying: \(min(99, 100 * found.bytes / max(1, total))) %")
                return interruption == nil
            }
            progress.erase()
            return (found, interruption)
        }
    }
}

/// What `cache verify` tells.
struct VerificationReport: Report {
    var directory: String
    var contentCount: Int
    var blockCount: Int
    /// Bytes read.
    var bytes: Int64
    /// Blocks that were not what they should be. They are dropped.
    var wrongBlockCount: Int
    /// False after an interruption.
    var complete: Bool

    init(_ directory: FilePath, _ found: BlockCache.Verification) {
        self.directory = directory.string
        contentCount = found.contents
        blockCount = found.blocks
        bytes = found.bytes
        wrongBlockCount = found.wrong
        complete = found.isComplete
    }

    var text: String {
        let files = "\(contentCount) file\(contentCount == 1 ? "" : "s")"
        let blocks = "\(blockCount) block\(blockCount == 1 ? "" : "s")"
        let extent = "\(blocks) of \(files), \(ByteSize(bytes: bytes).approximate)"
        let result =
            switch wrongBlockCount {
            case 0: "all are right"
            case 1: "1 was wrong; it is dropped and will be fetched again when it is read"
            default: "\(wrongBlockCount) were wrong; they are dropped and will be fetched again when they are read"
            }
        return "\(complete ? "Verified" : "Interrupted after") \(extent): \(result)."
    }
}

/// A line on the terminal that is written over and over; nothing where standard error is no terminal.
struct ProgressLine {
    /// Often enough to look alive, too rarely to cost anything.
    private static let interval = Duration.milliseconds(200)

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastShown: ContinuousClock.Instant?

    /// Shows a text, unless the last one is too fresh.
    mutating func show(_ text: @autoclosure () -> String) {
        guard isTerminal else { return }
        let now = ContinuousClock.now
        if let lastShown, now - lastShown < Self.interval { return }
        lastShown = now
        write("\r\(text())\u{1B}[K")
    }

    /// Leaves the line empty for what is written next.
    func erase() {
        if lastShown != nil {
            write("\r\u{1B}[K")
        }
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            // Nothing can be said when standard error itself fails.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
