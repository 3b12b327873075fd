import CLinux
import Glibc

/// What a process does at its start that holds a token and serves a mount. Called before any thread starts.
enum ProcessHardening {
    /// glibc makes up to 8 malloc arenas for each core and never gives their memory back; under a dozen threads
    /// resident memory drifts. Two are enough: what is large comes from pools of our own.
    private static let mallocArenas: CInt = 2

    static func apply() {
        _ = CLinux_limitMallocArenas(mallocArenas)
        keepOutOfCoreDumps()
        raiseDescriptorLimit()
        // A peer that closes a connection is an error of `send`, not the end of the mount.
        signal(SIGPIPE, SIG_IGN)
        // A staged file that outgrows `ulimit -f` is EFBIG for its writer, not the end of the mount.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// The token must end neither in a core file nor in the hands of a debugger of the same user.
    private static func keepOutOfCoreDumps() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = CLinux_setDumpable(0)
    }

    /// Each open file may hold a cache file, each connection a socket; the usual soft limit of 1024 is soon reached.
    private static func raiseDescriptorLimit() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}
