import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

/// The program as a process, as far as it goes without a server that answers.
@Suite("The program")
struct CommandLineTests {
    private let home: TemporaryDirectory
    private let environment: [String: String]

    /// Stands for a token; must not appear anywhere.
    private static let token = "5ec5e7deadbeefdeadbeefdeadbeef00"

    init() throws {
        home = try TemporaryDirectory(prefix: "home")
        environment = [
            "HOME": home.path.string, "BASESPACE_ACCESS_TOKEN": Self.token, "BASESPACE_API_SERVER": "",
            "XDG_RUNTIME_DIR": home.path.string, "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "",
        ]
    }

    private func run(_ arguments: String..., environment changes: [String: String] = [:]) async throws -> ShellResult {
        try await Shell.run(
            [BuiltProducts.path(of: "basespacefs")] + arguments,
            environment: environment.merging(changes) { $1 }
        )
    }

    private func mountPoint() throws -> FilePath {
        let path = home.file("mount point")
        try #require(mkdir(path.string, 0o700) == 0)
        return path
    }

    @Test("says its version")
    func version() async throws {
        #expect(try await run("--version").output == "basespacefs \(Version.current)\n")
    }

    @Test(
        "ends with 64 and a hint when the command line is wrong",
        arguments: [
            ["mount"], ["mount", "--cache-size", "3x", "/mnt"], ["mount", "-o", "bogus", "/mnt"], ["exec"],
            ["unmount"], ["mount", "--bogus", "/mnt"], ["bogus"],
        ]
    )
    func usage(arguments: [String]) async throws {
        let result = try await Shell.run(
            [BuiltProducts.path(of: "basespacefs")] + arguments,
            environment: environment
        )
        #expect(result.status == 64)
        #expect(result.errors.contains("basespacefs"))
        #expect(result.output.isEmpty)
    }

    @Test(
        "says in one line when the server can't be reached, and mounts nothing",
        arguments: [["mount"], ["mount", "--foreground"]]
    )
    func unreachable(command: [String]) async throws {
        let mountPoint = try mountPoint()
        let result = try await Shell.run(
            [BuiltProducts.path(of: "basespacefs")] + command + ["--log-level", "critical", mountPoint.string],
            environment: environment.merging(["BASESPACE_API_SERVER": "http://127.0.0.1:1"]) { $1 }
        )
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("basespacefs: can't reach http://127.0.0.1:1 (BASESPACE_API_SERVER): "))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(!result.errors.contains(Self.token))
        #expect(BaseSpaceMounts.current()[mountPoint] == nil)
    }

    @Test("exec leaves no directory behind when it can't mount")
    func execUnreachable() async throws {
        let result = try await run("exec", "--", "true", environment: ["BASESPACE_API_SERVER": "http://127.0.0.1:1"])
        #expect(result.status == 1)
        #expect(result.errors.contains("can't reach"))
        let left = try FileManager.default.contentsOfDirectory(atPath: home.path.string)
        #expect(!left.contains { $0.hasPrefix("basespacefs-") })
    }

    @Test("names the profile that is missing", arguments: ["whoami", "mount"])
    func missingProfile(command: String) async throws {
        let operands = command == "mount" ? ["lab", try mountPoint().string] : ["lab"]
        let result = try await Shell.run(
            [BuiltProducts.path(of: "basespacefs"), command] + operands,
            environment: environment
        )
        #expect(result.status == 1)
        #expect(result.errors.contains("profile lab not found at \(home.path)/.basespace/lab.cfg"))
    }

    @Test("unmounts only what it mounted")
    func unmountNothing() async throws {
        let mountPoint = try mountPoint()
        let result = try await run("unmount", mountPoint.string)
        #expect(result.status == 1)
        #expect(result.errors == "basespacefs: BaseSpace is not mounted on \(mountPoint)\n")
    }

    @Test("The daemon keeps token and memory to itself; a signal to its starter ends both")
    func daemon() async throws {
        // A server that takes the connection and never answers: the daemon stays where it is.
        let server = try SilentServer()
        let starter = try Shell.start(
            [BuiltProducts.path(of: "basespacefs"), "mount", try mountPoint().string],
            environment: environment.merging(["BASESPACE_API_SERVER": "http://127.0.0.1:\(server.port)"]) { $1 }
        )
        try await eventually("the daemon asks the server") { server.hasConnection }
        let daemon = try #require(children(of: starter.pid).first)

        let arguments = try #require(ProcFiles.text("/proc/\(daemon)/cmdline"))
        #expect(arguments.contains("--foreground"))
        #expect(!arguments.contains(Self.token))
        let limits = try #require(ProcFiles.text("/proc/\(daemon)/limits"))
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        let files = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        #expect(Set(files?.split(separator: " ").dropFirst(3).prefix(2) ?? []).count == 1)
        // Its session is its own, and its working files are its own too.
        #expect(getsid(daemon) == daemon)

        starter.send(SIGTERM)
        let result = try await starter.result()
        #expect(result.status == 128 + SIGTERM)
        #expect(result.errors == "basespacefs: interrupted\n")
        try await eventually("the daemon has ended") { kill(daemon, 0) != 0 }
    }

    private func children(of pid: Int32) -> [Int32] {
        ProcFiles.names(in: "/proc").compactMap { Int32($0) }.filter { candidate in
            // The program's name, in brackets, may contain blanks; the parent is the second field behind it.
            let fields = ProcFiles.text("/proc/\(candidate)/stat")?.split(separator: ")").last?.split(separator: " ")
            return fields.flatMap { $0.count > 1 ? Int32($0[1]) : nil } == pid
        }
    }
}

/// Listens on loopback, takes connections and says nothing.
private final class SilentServer: Sendable {
    let port: UInt16
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 5) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else { throw Errno(rawValue: errno) }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Somebody has connected.
    var hasConnection: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }

    deinit {
        close(descriptor)
    }
}
