import ArgumentParser
import CLinux
import FUSEAdapter
import Glibc
import SystemPackage

/// `basespacefs status`: what mounts tell of themselves. It needs neither a token nor the network.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what mounts do: reads, cache, uploads, errors, and what needs attention.",
        discussion: "Without a mount point: a line for each mount of this user."
    )

    @Argument(help: "The directory that BaseSpace is mounted on.", completion: .directory)
    var mountpoint: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show it anew every second, on the whole terminal, until Ctrl-C.")
    var watch = false

    /// A mount that works answers within milliseconds; one that is slow is not given up for a busy machine.
    private static let patience = Duration.seconds(5)
    /// Less under `--watch`, since Ctrl-C waits as long, and the next look comes soon.
    private static let patienceOfWatch = Duration.seconds(2)

    func validate() throws {
        if watch, json {
            throw ValidationError("--watch is for people and --json for scripts: say one of them")
        }
    }

    func run() throws {
        guard watch else { return try show() }
        guard isatty(STDOUT_FILENO) == 1 else {
            throw CommandFailure(
                "--watch draws on a terminal, and standard output is none: leave it out, or say --json",
                status: .usage
            )
        }
        try StatusWatch(lines: lines(StatusReader(patience: Self.patienceOfWatch))).run()
    }

    private func show() throws {
        let reader = StatusReader(patience: Self.patience)
        guard let mountpoint else {
            let report = Self.report(reader)
            try report.print(asJSON: json)
            if let problem = report.problem { throw CommandFailure(problem) }
            return
        }
        let entry = try Self.entry(mountpoint)
        switch reader.ask([entry])[0] {
        case .status(let text, let report):
            print(json ? text : report.text, terminator: json ? "" : "\n")
        case .problem(let words):
            throw CommandFailure("\(entry.mountPoint): \(words)")
        }
    }

    /// What `--watch` shows, anew at each call. Throws when it is not mounted (any more).
    private func lines(_ reader: StatusReader) -> () throws(CommandFailure) -> [String] {
        guard let mountpoint else { return { () throws(CommandFailure) in Self.report(reader).lines } }
        return { () throws(CommandFailure) in
            let entry = try Self.entry(mountpoint)
            switch reader.ask([entry])[0] {
            case .status(_, let report):
                return report.lines
            case .problem(let words):
                return ["\(entry.mountPoint): \(words)"]
            }
        }
    }

    private static func entry(_ mountpoint: String) throws(CommandFailure) -> MountTable.Entry {
        let path = try MountPoint.locate(mountpoint)
        guard let entry = BaseSpaceMounts.current()[path] else {
            throw CommandFailure("BaseSpace is not mounted on \(path)")
        }
        return entry
    }

    private static func report(_ reader: StatusReader) -> MountsReport {
        let entries = BaseSpaceMounts.current().own
        let mounts = zip(entries, reader.ask(entries)).map { entry, answer in
            switch answer {
            case .status(_, let report): MountsReport.Mount(mountPoint: entry.mountPoint, status: report)
            case .problem(let words): MountsReport.Mount(mountPoint: entry.mountPoint, problem: words)
            }
        }
        return MountsReport(mounts: mounts)
    }
}

/// Draws lines again and again until a signal comes, and leaves the terminal as it was.
struct StatusWatch {
    /// What to draw.
    let lines: () throws(CommandFailure) -> [String]

    private static let interval = CLinux_interval(1, 0)

    /// Returns after Ctrl-C; another signal ends the process with its status.
    func run() throws(CommandFailure) {
        let signals = Signals([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH])
        signals.block()
        // What fails at once fails as an ordinary command does.
        var next = try lines()
        let screen = Screen()
        screen.enter()
        defer { screen.leave() }
        while true {
            screen.draw(next)
            switch signals.wait(atMost: Self.interval)?.signal {
            case nil, SIGWINCH: break
            case SIGINT: return
            case SIGTSTP:
                screen.leave()
                kill(getpid(), SIGSTOP)
                screen.enter()
            case let signal?:
                screen.leave()
                exit(ExitStatus.endedBy(signal: signal).rawValue)
            }
            next = try lines()
        }
    }
}
