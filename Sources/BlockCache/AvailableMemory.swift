internal import Glibc
internal import Synchronization

/// How much memory the kernel could use for pages of files.
final class AvailableMemory: Sendable {
    /// What `/proc/meminfo` says, in bytes; nothing where it can't be read.
    struct Amounts: Equatable {
        /// Memory that nobody uses.
        var free: Int64 = 0
        /// That, and what the kernel would give up for it.
        var available: Int64 = 0
    }

    private struct Look {
        var amounts = Amounts()
        var until = ContinuousClock.now
    }

    /// How long a look serves: it costs 50 µs, and programs open thousands of files in a row.
    private static let lifetime: Duration = .seconds(1)
    private let look = Mutex(Look())

    /// Whether a file of this size can be kept in the page cache beside what is there: in a quarter of what is available.
    func canCache(_ size: Int64) -> Bool {
        size <= amounts.available / 4
    }

    /// Whether there is memory lying idle for a file of this size, so that nothing has to go for it.
    func hasIdle(_ size: Int64) -> Bool {
        size <= amounts.free / 2
    }

    private var amounts: Amounts {
        look.withLock { look in
            if ContinuousClock.now >= look.until {
                look = Look(amounts: Self.read(), until: .now + Self.lifetime)
            }
            return look.amounts
        }
    }

    private static func read() -> Amounts {
        let file = open("/proc/meminfo", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return Amounts() }
        defer { close(file) }
        return amounts(ofMeminfo: String(decoding: FileIO.bytes(of: file, count: 4096, at: 0), as: UTF8.self))
    }

    /// What lines like `MemAvailable:   23456789 kB` say.
    static func amounts(ofMeminfo text: String) -> Amounts {
        var amounts = Amounts()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let kibibytes = Int64(words[1]) else { continue }
            switch words[0] {
            case "MemFree:": amounts.free = kibibytes * 1024
            case "MemAvailable:": amounts.available = kibibytes * 1024
            default: break
            }
        }
        return amounts
    }
}
