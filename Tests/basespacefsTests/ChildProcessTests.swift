import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

@Suite("Children")
struct ChildProcessTests {
    private func output(_ launch: ChildProcess.Launch) async throws -> (String, ChildProcess.Termination) {
        try await onOwnThread {
            var launch = launch
            var pipe = try Pipe()
            launch.output = pipe.writeEnd
            let child = try ChildProcess.start(launch)
            pipe.closeWriteEnd()
            return (pipe.readAll(), child.wait())
        }
    }

    @Test("A child has the arguments, environment and directory it is given, and nothing else")
    func launch() async throws {
        let directory = try TemporaryDirectory(prefix: "child")
        let launch = ChildProcess.Launch(
            program: "sh",
            arguments: ["-c", "pwd; echo \"$1\"; env | grep ^[AT]; cat", "sh", "a b"],
            environment: ["PATH": "/usr/bin:/bin", "A": "1"],
            directory: directory.path,
            hasEmptyInput: true
        )
        let (text, termination) = try await output(launch)
        #expect(text == "\(directory.path)\na b\nA=1\n")
        #expect(termination == .exited(0))
    }

    @Test("Of a daemon's descriptors only the first four are open")
    func descriptors() async throws {
        let text = try await onOwnThread {
            // Open without close-on-exec, as a careless caller would leave it.
            let stray = open("/dev/null", O_RDONLY)
            defer { close(stray) }
            var pipe = try Pipe()
            var extra = try Pipe()
            let child = try ChildProcess.start(
                ChildProcess.Launch(
                    program: "sh",
                    arguments: [
                        "-c",
                        "for n in 0 1 2 3 4 5 6 7 8 9 10 20 50 \(stray); do "
                            + "test -e /proc/$$/fd/$n && echo $n; done; echo line >&3",
                    ],
                    output: pipe.writeEnd,
                    extraDescriptor: extra.writeEnd,
                    leadsSession: true
                )
            )
            pipe.closeWriteEnd()
            extra.closeWriteEnd()
            let text = pipe.readAll()
            _ = child.wait()
            #expect(extra.readLine() == "line")
            return text
        }
        #expect(text == "0\n1\n2\n3\n")
    }

    @Test("Ends are told as a shell tells them")
    func terminations() async throws {
        #expect(try await output(.init(program: "sh", arguments: ["-c", "exit 3"])).1.status.rawValue == 3)
        #expect(try await output(.init(program: "sh", arguments: ["-c", "kill -9 $$"])).1.status.rawValue == 137)
        #expect("\(ChildProcess.Termination.signalled(SIGKILL))" == "signal 9 (Killed)")
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try ChildProcess.start(.init(program: "no-such-program", arguments: []))
        }
    }
}
