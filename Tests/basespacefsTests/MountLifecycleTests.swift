import Testing

@testable import basespacefs

@Suite("The life of a mount's process")
struct MountLifecycleTests {
    private func serving() -> MountLifecycle {
        var lifecycle = MountLifecycle()
        lifecycle.began()
        return lifecycle
    }

    @Test("A signal before there is a mount ends the process at once")
    func signalWhileStarting() {
        var lifecycle = MountLifecycle()
        #expect(lifecycle.signalArrived() == .exitAtOnce)
        #expect(!lifecycle.isServing)
    }

    @Test("A signal finishes the uploads, then unmounts, then exits")
    func signal() {
        var lifecycle = serving()
        #expect(lifecycle.isServing)
        #expect(lifecycle.signalArrived() == .finishUploads)
        #expect(!lifecycle.isServing)
        #expect(lifecycle.uploadsEnded() == .unmount)
        #expect(lifecycle.mountEnded() == .exit)
    }

    @Test("A second signal leaves at once, whatever the uploads do later")
    func secondSignal() {
        var lifecycle = serving()
        #expect(lifecycle.signalArrived() == .finishUploads)
        #expect(lifecycle.signalArrived() == .unmount)
        #expect(lifecycle.uploadsEnded() == nil)
        #expect(lifecycle.signalArrived() == nil)
        #expect(lifecycle.mountEnded() == .exit)
    }

    @Test("When somebody unmounts, uploads are finished before the exit")
    func unmountedFromOutside() {
        var lifecycle = serving()
        #expect(lifecycle.mountEnded() == .finishUploads)
        #expect(lifecycle.uploadsEnded() == .exit)
    }

    @Test("When somebody unmounts, a signal leaves at once")
    func signalAfterUnmount() {
        var lifecycle = serving()
        #expect(lifecycle.mountEnded() == .finishUploads)
        #expect(lifecycle.signalArrived() == .exit)
        #expect(lifecycle.uploadsEnded() == nil)
    }

    @Test("When somebody unmounts while a signal's uploads are finished, their end is the exit")
    func unmountWhileFinishing() {
        var lifecycle = serving()
        #expect(lifecycle.signalArrived() == .finishUploads)
        #expect(lifecycle.mountEnded() == nil)
        #expect(lifecycle.uploadsEnded() == .exit)
    }

    @Test("Whatever comes in whatever order, the process exits exactly once")
    func exitsOnce() {
        enum Event: CaseIterable { case signal, unmount, uploads }
        // All sequences of events up to six long; the mount ends once, and uploads end only when they were begun.
        func explore(_ lifecycle: MountLifecycle, _ isMounted: Bool, _ uploading: Bool, _ exits: Int, _ depth: Int) {
            #expect(exits <= 1)
            guard depth > 0 else { return }
            for event in Event.allCases {
                var next = lifecycle
                let action: MountLifecycle.Action?
                switch event {
                case .signal: action = next.signalArrived()
                case .unmount: action = isMounted ? next.mountEnded() : nil
                case .uploads: action = uploading ? next.uploadsEnded() : nil
                }
                explore(
                    next,
                    isMounted && event != .unmount,
                    (uploading && event != .uploads) || action == .finishUploads,
                    exits + (action == .exit ? 1 : 0),
                    depth - 1
                )
            }
        }
        explore(serving(), true, false, 0, 6)
    }
}
