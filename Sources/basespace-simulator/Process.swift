import Dispatch
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What tells the simulator to end: SIGTERM, SIGINT, and the end of the parent if that was asked for.
struct Termination {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    /// Sources live as long as somebody holds them.
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.stream = stream
        self.continuation = continuation
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.activate()
            return source
        }
    }

    /// From now on the end of the process that started this one counts too.
    ///
    /// It is noticed by looking, since PR_SET_PDEATHSIG would fire when the *thread* ends that started this process.
    func includeParent() {
        let parent = getppid()
        Task { [continuation] in
            while getppid() == parent {
                try await Task.sleep(for: .milliseconds(200))
            }
            continuation.yield()
        }
    }

    /// Returns when the first of them has come.
    func wait() async {
        for await _ in stream { return }
    }
}

/// Standard output without a buffer: whoever waits for the line gets it at once.
enum StandardOutput {
    static func write(_ text: String) throws {
        try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    }
}
