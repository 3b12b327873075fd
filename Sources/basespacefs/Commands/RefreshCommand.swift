import ArgumentParser
import BaseSpaceAPI
import BaseSpaceFileSystem
import Glibc
import SystemPackage

/// `basespacefs refresh`.
struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Ask the service anew for what is in directories of a mount, and below them."
    )

    @Argument(help: "Directories, or files in them.", completion: .directory)
    var paths: [String]

    func run() throws {
        try ControlPath.each(paths) { path throws(CommandFailure) in
            try ControlPath(path).refresh()
        }
    }
}

/// `basespacefs complete`.
struct CompleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete",
        abstract: "End the AppSession of AppResults, once everything in them is uploaded.",
        discussion: "The same as writing complete to their Status, with the reason when it is refused."
    )

    @Argument(help: "AppResults or AppSessions, or anything in them.", completion: .directory)
    var paths: [String]

    func run() throws {
        try ControlPath.each(paths) { path throws(CommandFailure) in
            let place = try ControlPath(path).climbingToSession()
            // What is complete needs no more of it.
            guard place.text(of: "Status") != "Complete\n" else { return }
            try place.write("complete", to: "Status")
        }
    }
}

/// A directory of a mount, to whose files commands are written.
struct ControlPath {
    private let directory: FilePath
    private let mountPoint: FilePath

    /// The directory that a path is, or is in.
    init(_ path: String) throws(CommandFailure) {
        guard let resolved = realpath(path, nil) else {
            throw CommandFailure("\(path): \(Errno(rawValue: errno))")
        }
        defer { free(resolved) }
        var directory = FilePath(String(cString: resolved))
        var status = stat()
        if stat(directory.string, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
            directory.removeLastComponent()
        }
        guard let mount = BaseSpaceMounts.current().mount(containing: directory) else {
            throw CommandFailure("\(path) is in no mount of basespacefs")
        }
        self.directory = directory
        mountPoint = FilePath(mount.mountPoint)
    }

    private init(directory: FilePath, mountPoint: FilePath) {
        self.directory = directory
        self.mountPoint = mountPoint
    }

    /// The AppResult or AppSession that is here, or the nearest above. A `Status` is no sign of one: projects and files can
    /// have that name too.
    func climbingToSession() throws(CommandFailure) -> ControlPath {
        var candidate = directory
        while candidate != mountPoint, candidate.starts(with: mountPoint) {
            switch EntityReference(atPath: candidate.string)?.kind {
            case .appResult, .appSession: return ControlPath(directory: candidate, mountPoint: mountPoint)
            default: candidate.removeLastComponent()
            }
        }
        throw CommandFailure("\(directory) is no AppResult or AppSession, and in none")
    }

    /// Asks the service anew for what is here and below: what writing `refresh` to `.commands` does, in a read-only mount too.
    func refresh() throws(CommandFailure) {
        do {
            let descriptor = try FileDescriptor.open(directory, .readOnly, options: .directory)
            try descriptor.closeAfter {
                guard ioctl(descriptor.rawValue, UInt(Volume.refreshRequest)) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch Errno(rawValue: ENOTTY) {
            throw CommandFailure("\(mountPoint) is no mount of basespacefs, or one of an older version")
        } catch {
            throw CommandFailure("\(directory): \(reason ?? "\(error)")")
        }
    }

    /// Writes a command in one piece, as it is taken.
    func write(_ command: String, to file: String) throws(CommandFailure) {
        do {
            let descriptor = try FileDescriptor.open(directory.appending(file), .writeOnly)
            try descriptor.closeAfter { _ = try descriptor.writeAll(Array("\(command)\n".utf8)) }
        } catch {
            throw CommandFailure("\(directory): \(reason ?? "\(error)")")
        }
    }

    /// What `.error` says.
    private var reason: String? {
        text(of: ".error")?.split(separator: "\n").first { $0.hasPrefix("message: ") }.map { String($0.dropFirst(9)) }
    }

    /// The text of a small file; `nil` if it can't be read.
    func text(of file: String) -> String? {
        guard let descriptor = try? FileDescriptor.open(directory.appending(file), .readOnly) else { return nil }
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        guard let count = try? bytes.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Does something for each path. One that fails does not keep the others from it; the last failure is thrown, those
    /// before it are told.
    static func each(
        _ paths: [String],
        _ body: (String) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var failure: CommandFailure?
        for path in paths {
            do throws(CommandFailure) {
                try body(path)
            } catch {
                if let failure { StandardError.print("basespacefs: \(failure.message)") }
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
