import Glibc
import Testing

@testable import basespacefs

@Suite("What a daemon tells its starter")
struct ReadinessTests {
    @Test("Every message reads back as it was sent")
    func roundTrip() {
        let messages: [Readiness] = [
            .ready, .failed(CommandFailure("can't reach https://api.example")),
            .failed(CommandFailure("", status: .usage)),
        ]
        for message in messages {
            #expect(Readiness(line: message.line) == message)
        }
        #expect(Readiness.failed(CommandFailure("a\nb")).line == "failed 1 a b")
    }

    @Test("Anything else is no message", arguments: ["", "ready now", "failed", "failed 1", "failed x y", "READY"])
    func nonsense(line: String) {
        #expect(Readiness(line: line) == nil)
    }

    @Test("A message goes through a pipe; a starter that has gone is noticed")
    func pipe() throws {
        let pipe = try Pipe()
        #expect(Readiness.ready.send(to: dup(pipe.writeEnd)))
        #expect(pipe.readLine() == "ready")

        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        close(ends[0])
        #expect(!Readiness.ready.send(to: ends[1]))
    }

    @Test("A pipe that closes before a whole line has none")
    func halfALine() throws {
        var pipe = try Pipe()
        _ = write(pipe.writeEnd, "rea", 3)
        pipe.closeWriteEnd()
        #expect(pipe.readLine() == nil)
    }
}
