import ArgumentParser
import FoundationEssentials
import Glibc
import SystemPackage

/// `basespacefs demo`: the whole way of an analysis, on a BaseSpace of its own that needs no account.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a whole analysis on a simulated BaseSpace; no account is needed."
    )

    @Argument(help: "Where to mount. (default: a directory of its own)", completion: .directory)
    var mountpoint: String?

    @Flag(help: "Keep the mount and say how to end it.")
    var keep = false

    func run() throws {
        let supervisor = Supervisor()
        let work = try RuntimeDirectory.makeTemporary()
        var keepsDirectory = false
        defer {
            if !keepsDirectory {
                try? FileManager.default.removeItem(atPath: work.string)
            }
        }
        let mountPoint = try self.mountPoint(in: work)
        print("A BaseSpace of its own, with data of lambda phage, mounted on \(mountPoint).")
        let simulator = try SimulatorProcess.start(isTied: !keep)
        var keepsSimulator = false
        defer {
            if !keepsSimulator { simulator.stop() }
        }
        let mount = try BackgroundMount.start(
            arguments: ["--cache-dir", work.appending("cache").string, "--", mountPoint.string],
            environment: ProcessEnvironment.all.merging(
                ["BASESPACE_API_SERVER": simulator.apiURL, "BASESPACE_ACCESS_TOKEN": simulator.token]
            ) { $1 },
            isTied: !keep,
            supervisor: supervisor
        )

        var shell = DemoShell(mountPoint: mountPoint, work: work, supervisor: supervisor)
        shell.run(DemoJob.arrival)
        shell.change(to: DemoJob.project)
        shell.run(DemoJob.steps)

        if keep, shell.interruption == nil {
            keepsDirectory = true
            keepsSimulator = true
            print("\nIt stays mounted. To end it:")
            print("  basespacefs unmount \(mountPoint) && kill \(simulator.process.pid) && rm -r \(work)")
        } else {
            let end = mount.finish(supervisor: supervisor)
            if end != .exited(0) {
                FuserMount.detach(mountPoint)
                shell.problems.append("the mount did not end well: \(end)")
            }
            print("\nUnmounted; nothing is left running.")
        }
        try shell.conclude()
    }

    /// The directory to mount on; one that is named is created when it is not there.
    private func mountPoint(in work: FilePath) throws(CommandFailure) -> FilePath {
        let path = try mountpoint.map { name throws(CommandFailure) in try currentDirectory().pushing(FilePath(name)) }
        let mountPoint = path ?? work.appending("BaseSpace")
        guard mkdir(mountPoint.string, 0o755) == 0 || errno == EEXIST else {
            throw CommandFailure("can't make \(mountPoint): \(Errno(rawValue: errno))")
        }
        return mountPoint
    }
}

/// Runs the demo's steps one by one, each shown as if it had been typed.
struct DemoShell {
    let mountPoint: FilePath
    let work: FilePath
    let supervisor: Supervisor

    /// What did not go as it should.
    var problems: [String] = []
    /// The signal that ended the demo early.
    private(set) var interruption: CInt?
    /// A step failed: what follows builds on it.
    private var hasFailed = false
    private var directory: FilePath

    /// `head` closes its pipe early, and bash reports what that did to the command before it.
    private static let brokenPipe = ExitStatus.endedBy(signal: SIGPIPE)

    init(mountPoint: FilePath, work: FilePath, supervisor: Supervisor) {
        self.mountPoint = mountPoint
        self.work = work
        self.supervisor = supervisor
        directory = mountPoint
    }

    /// Goes to a directory of the mount.
    mutating func change(to path: String) {
        guard mayGoOn else { return }
        show("cd '\(path)'")
        directory = mountPoint.pushing(FilePath(path))
    }

    /// Runs steps until one fails or is interrupted.
    mutating func run(_ steps: [DemoJob.Step]) {
        for step in steps where mayGoOn {
            run(step)
        }
    }

    private var mayGoOn: Bool { interruption == nil && !hasFailed }

    private mutating func run(_ step: DemoJob.Step) {
        print("\n# \(step.purpose)")
        show(step.command)
        if let tool = step.tool, !Executables.isInstalled(tool) {
            problems.append("\(tool) is not installed (apt-get install \(tool))")
            print("(\(tool) is not installed)")
            return
        }
        do throws(Errno) {
            let bash = try ChildProcess.start(
                ChildProcess.Launch(
                    program: "bash",
                    arguments: ["-o", "pipefail", "-c", step.command],
                    environment: ProcessEnvironment.all.merging(["WORK": work.string]) { $1 },
                    directory: directory
                )
            )
            let status = wait(for: bash).status
            if status != .success, status != Self.brokenPipe, interruption == nil {
                fail("`\(step.command)` ended with \(status.rawValue)")
            }
        } catch {
            fail("can't run bash in \(directory): \(error)")
        }
    }

    private mutating func fail(_ problem: String) {
        problems.append(problem)
        hasFailed = true
    }

    private mutating func wait(for bash: ChildProcess) -> ChildProcess.Termination {
        while true {
            switch supervisor.wait(for: bash) {
            case .ended(let termination):
                return termination
            case .signal(let delivery):
                interruption = delivery.signal
                bash.send(SIGTERM)
            }
        }
    }

    private func show(_ command: String) {
        print("$ \(command)")
        // The command writes to the same place without our buffer.
        fflush(nil)
    }

    /// Throws what did not go well.
    func conclude() throws(CommandFailure) {
        if let interruption {
            throw CommandFailure("interrupted", status: .endedBy(signal: interruption))
        }
        guard problems.isEmpty else {
            throw CommandFailure("the demo did not go as it should: \(problems.joined(separator: "; "))")
        }
    }
}
