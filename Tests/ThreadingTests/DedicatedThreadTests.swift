import Dispatch
import FoundationEssentials
import Glibc
import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct DedicatedThreadTests {
    @Test func hasItsNameAndIsDoneOnceJoined() throws {
        let names = Seen<String>()
        let thread = try DedicatedThread(name: "fifteen-letters") {
            names.add((try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "")
        }
        thread.join()
        #expect(names.all == ["fifteen-letters\n"])
        thread.join()
    }

    /// A signal to the process must find a thread that waits for it, and not end one that is in the middle of something.
    @Test func leavesSignalsToOthersButFaults() throws {
        let blocked = Seen<[CInt]>()
        try DedicatedThread(name: "test") {
            var mask = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &mask)
            blocked.add([SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGSEGV, SIGABRT].filter { sigismember(&mask, $0) == 1 })
        }.join()
        #expect(blocked.all == [[SIGINT, SIGTERM, SIGHUP, SIGPIPE]])
    }

    @Test func aThreadThatWouldWaitForItselfGoesOn() async throws {
        let own = Seen<DedicatedThread>()
        let knowsItself = DispatchSemaphore(value: 0)
        let ended = Seen<Bool>()
        let thread = try DedicatedThread(name: "test") {
            knowsItself.wait()
            own.all.forEach { $0.join() }
            ended.add(true)
        }
        own.add(thread)
        knowsItself.signal()
        try await eventually("it has not waited for itself") { ended.all == [true] }
    }
}
