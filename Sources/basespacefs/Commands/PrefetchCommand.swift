import ArgumentParser
import CLinux
import Glibc

/// `basespacefs prefetch`: fills the cache of a mount by reading in it, so that the mount's own read-ahead and
/// connections do the work. It needs neither a token nor the network itself.
struct PrefetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefetch",
        abstract: "Fill the cache with files of a mount, and with all files below directories of it.",
        discussion: """
            What is in the cache already is not read again, so an interrupted prefetch goes on where it stopped. \
            Symbolic links are followed when they are named, and not below what is named.
            """
    )

    @Argument(help: "Files and directories in mounts of this user.", completion: .file())
    var paths: [String]

    @Option(name: [.short, .long], help: ArgumentHelp("Files that are read at a time.", valueName: "n"))
    var jobs: Int = 4

    @Flag(help: "Go on though the mount's cache is in memory, or too small for all of it.")
    var force = false

    @Flag(help: "Print JSON.")
    var json = false

    /// More readers than connections only wait for each other.
    private static let jobCounts = 1...64
    /// Nobody notices a tenth of a second at the end, and a bar that moves ten times a second looks alive.
    private static let interval = CLinux_interval(0, 100_000_000)

    func validate() throws {
        guard Self.jobCounts.contains(jobs) else {
            throw ValidationError("--jobs takes \(Self.jobCounts.lowerBound) to \(Self.jobCounts.upperBound)")
        }
    }

    func run() throws {
        let signals = Signals([SIGINT, SIGTERM, SIGHUP])
        signals.block()
        let prefetch = Prefetch(paths: paths, jobs: jobs, isForced: force)
        // A call into a mount that hangs can't be broken off; the end of this process does not wait for a thread in one.
        Threads.start("prefetch") { prefetch.run() }
        var bar = PrefetchProgress()
        while true {
            let delivery = signals.wait(atMost: Self.interval)
            let outcome = prefetch.board.outcome
            bar.tell(prefetch.board.takeMessages())
            if let outcome {
                bar.erase()
                try finish(outcome)
                return
            }
            if let delivery {
                bar.erase()
                if let report = prefetch.board.interruptedReport() {
                    try report.print(asJSON: json)
                    fflush(nil)
                } else {
                    StandardError.print("basespacefs: interrupted before anything was read")
                }
                // No thread is waited for, and nothing is left to put in order.
                _exit(ExitStatus.endedBy(signal: delivery.signal).rawValue)
            }
            bar.show(prefetch.board.progress)
        }
    }

    private func finish(_ outcome: Result<PrefetchReport, CommandFailure>) throws {
        let report = try outcome.get()
        try report.print(asJSON: json)
        if let problem = report.problem { throw CommandFailure(problem) }
    }
}
