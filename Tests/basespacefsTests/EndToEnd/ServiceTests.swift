import BaseSpaceSimulator
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

extension EndToEnd {
    @Suite("A mount as a service of systemd")
    struct ServiceTests {
        @Test("tells when it answers, and when it ends", arguments: [false, true])
        func notifications(isAbstract: Bool) async throws {
            try await Account.using(.random(["projects/P/samples/S/f": 1])) { account in
                let manager = try Manager(
                    isAbstract ? "@\(account.home.path)" : account.home.file("notify").string
                )
                let path = try account.makeMountPoint()
                let service = try Shell.start(
                    [try BuiltProducts.path(of: "basespacefs"), "mount", "--foreground"] + account.credentials
                        + [path.string],
                    environment: account.environment.merging(["NOTIFY_SOCKET": manager.name]) { $1 }
                )
                let ready = try await onOwnThread { try manager.next() }
                #expect(ready == "READY=1\nSTATUS=Simulated User's BaseSpace on \(path)")
                #expect(account.mountPoints == [path.string])
                service.send(SIGTERM)
                let stopping = try await onOwnThread { try manager.next() }
                #expect(stopping == "STOPPING=1")
                #expect(try await service.result().status == 0)
            }
        }

        @Test("A mount in the background leaves the socket alone: it is another service's")
        func background() async throws {
            try await Account.using(.random(["projects/P/samples/S/f": 1])) { account in
                let manager = try Manager(account.home.file("notify").string)
                let mount = try await account.mount(environment: ["NOTIFY_SOCKET": manager.name])
                #expect(try await mount.unmount().status == 0)
                #expect(!manager.hasMessage)
            }
        }

        @Test("A socket that nobody reads, or that is none, is no trouble", arguments: ["/nowhere/notify", "x", "@"])
        func nobody(name: String) async throws {
            try await Account.using(.random(["projects/P/samples/S/f": 1])) { account in
                let path = try account.makeMountPoint()
                let service = try Shell.start(
                    [try BuiltProducts.path(of: "basespacefs"), "mount", "--foreground"] + account.credentials
                        + [path.string],
                    environment: account.environment.merging(["NOTIFY_SOCKET": name]) { $1 }
                )
                try await eventually("it is mounted") { account.mountPoints == [path.string] }
                service.send(SIGTERM)
                #expect(try await service.result().status == 0)
            }
        }

        @Test("A manager that is busy is told when it reads again; one that never does is not waited for")
        func busy() async throws {
            let directory = try TemporaryDirectory(prefix: "manager")
            let manager = try Manager(directory.file("notify").string)
            while ServiceManager.notify("STATUS=busy", to: manager.name) == nil {}
            #expect(ServiceManager.notify("READY=1", to: manager.name) == .resourceTemporarilyUnavailable)
            #expect(ServiceManager.notify("READY=1", patience: 1, to: manager.name) == .resourceTemporarilyUnavailable)
            let name = manager.name
            async let problem = onOwnThread { ServiceManager.notify("READY=1", patience: 30, to: name) }
            try await onOwnThread { while try manager.next() != "READY=1" {} }
            #expect(try await problem == nil)
        }

        @Test("The unit is one that systemd understands", .enabled("needs systemd") { Self.hasSystemd })
        func unit() async throws {
            let directory = try TemporaryDirectory(prefix: "unit")
            let unit = try String(
                contentsOf: MountHelper.root.appending(path: "mount-helper/basespacefs@.service"),
                encoding: .utf8
            )
            // It looks whether the program is there.
            let program = try BuiltProducts.path(of: "basespacefs")
            try directory.write(
                Array(unit.replacing("/usr/bin/basespacefs", with: program).utf8),
                to: "basespacefs@lab.service"
            )
            let result = try await Shell.run(
                [
                    "systemd-analyze", "verify", "--user", "--man=no",
                    directory.file("basespacefs@lab.service").string,
                ],
                environment: ["XDG_RUNTIME_DIR": directory.path.string]
            )
            #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        }

        private static var hasSystemd: Bool { Executables.isInstalled("systemd-analyze") }
    }
}

/// The side of a service manager: a socket for datagrams.
private final class Manager: Sendable {
    /// What NOTIFY_SOCKET names it.
    let name: String
    private let descriptor: CInt

    init(_ name: String) throws {
        self.name = name
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        let (socketAddress, length) = try #require(ServiceManager.address(of: name))
        var address = socketAddress
        let descriptor = descriptor
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard isBound else { throw Errno(rawValue: errno) }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// Waits for a message.
    func next() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw Errno(rawValue: errno) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// A message has come.
    var hasMessage: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }
}
