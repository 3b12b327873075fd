import CFUSE
import Glibc
import SystemPackage

/// A thread of the operating system. Serving requests blocks in system calls, which the cooperative pool can't bear.
struct ServingThread {
    private let thread: pthread_t

    /// Starts a thread; throws when there can't be another one.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(
            Body {
                cfuse_name_thread(name)
                body()
            }
        )
        let failure = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        guard failure == 0 else {
            box.release()
            throw Errno(rawValue: failure)
        }
        self.thread = thread
    }

    /// Waits for its end.
    func join() {
        pthread_join(thread, nil)
    }

    /// Lets it end by itself.
    func detach() {
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
