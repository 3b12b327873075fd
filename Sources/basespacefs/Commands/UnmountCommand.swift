import ArgumentParser
import CLinux
import Glibc
import SystemPackage

/// `basespacefs unmount`: unmounts and waits until the daemon has finished its uploads.
struct UnmountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Unmount, and wait until all uploads are finished.",
        discussion: """
            What is left to upload is told on standard error. Ctrl-C stops the waiting: the mount is gone already, and \
            the uploads go on. What is still not uploaded in the end is named, and kept.
            """,
        aliases: ["umount"]
    )

    @Argument(help: "The directory that BaseSpace is mounted on.", completion: .directory)
    var mountpoint: String

    @Flag(help: "Return when it is unmounted; the mount's process goes on with the uploads.")
    var noWait = false

    /// Time between two looks at the daemon. Nobody notices a tenth of a second at the end of an upload.
    private static let pollInterval = CLinux_interval(0, 100_000_000)

    func run() throws {
        let mountPoint = try MountPoint.locate(mountpoint)
        guard let entry = BaseSpaceMounts.current()[mountPoint] else {
            throw CommandFailure("BaseSpace is not mounted on \(mountPoint)")
        }
        // A process that works in the mount keeps it busy, this one too.
        chdir("/")
        // Opened before the mount goes: afterwards its device number may be another's.
        let record = MountRecord.Reader(device: entry.device, user: entry.userID ?? geteuid())
        try unmount(mountPoint)
        if let record, !noWait {
            try waitForEnd(of: record)
        }
    }

    private func unmount(_ mountPoint: FilePath) throws(CommandFailure) {
        do throws(FuserMount.Problem) {
            try FuserMount.unmount(mountPoint)
        } catch {
            guard case .busy = error else { throw CommandFailure("can't unmount \(mountPoint): \(error)") }
            let holders = MountHolder.all(under: mountPoint)
            let who =
                holders.isEmpty
                ? "a process that this user can't look at" : holders.map(\.description).joined(separator: "; ")
            throw CommandFailure("\(mountPoint) is busy: \(who)")
        }
    }

    private func waitForEnd(of record: MountRecord.Reader) throws(CommandFailure) {
        var report = EndReport(record) { content in
            "Ctrl-C stops the waiting, not the uploads; `kill \(content.pid)` stops them, and keeps the files"
        }
        while !record.isAbandoned {
            report.update()
            var interval = Self.pollInterval
            nanosleep(&interval, nil)
        }
        let left = [report.failure, report.note].compactMap(\.self)
        guard left.isEmpty else { throw CommandFailure("unmounted, but \(left.joined(separator: "; "))") }
    }
}
