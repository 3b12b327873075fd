import Glibc

/// How far a prefetch is.
struct PrefetchSnapshot: Equatable, Sendable {
    /// Whether it still looks for what there is to read.
    var isLooking = true
    /// Files found so far, or to be read.
    var files = 0
    /// Files of them that are done.
    var filesDone = 0
    /// Bytes to be read.
    var bytes: Int64 = 0
    /// Bytes of them that were read.
    var bytesDone: Int64 = 0
}

/// The line that `prefetch` draws over and over on standard error, if that is a terminal; otherwise nothing but messages.
struct PrefetchProgress {
    private var line = ProgressLine()
    private var meter = RateMeter(window: .seconds(10))
    private var lastNote: ContinuousClock.Instant?

    /// Draws.
    mutating func show(_ snapshot: PrefetchSnapshot) {
        let now = ContinuousClock.now
        if !snapshot.isLooking, lastNote.map({ now - $0 >= .seconds(1) }) ?? true {
            meter.note(UInt64(clamping: snapshot.bytesDone), at: now)
            lastNote = now
        }
        let rate = meter.rate(of: UInt64(clamping: snapshot.bytesDone), at: now)
        line.show(Self.text(snapshot, rate: rate, width: ProgressLine.width))
    }

    /// Writes lines that stay.
    mutating func tell(_ messages: [String]) {
        guard !messages.isEmpty else { return }
        erase()
        messages.forEach { StandardError.print("basespacefs: \($0)") }
    }

    /// Leaves the line empty.
    func erase() {
        line.erase()
    }

    /// The line for a terminal that is so many characters wide: what matters least goes first, and the bar gets what is
    /// left.
    static func text(_ snapshot: PrefetchSnapshot, rate: Double, width: Int) -> String {
        // A character in the last column would wrap on some terminals.
        let room = max(0, width - 1)
        guard !snapshot.isLooking else {
            return String("looking for files: \(snapshot.files), \(size(snapshot.bytes))".prefix(room))
        }
        let share = snapshot.bytes > 0 ? min(1, Double(snapshot.bytesDone) / Double(snapshot.bytes)) : 1
        let percent = "\(Int(share * 100)) %".padded(to: 5)
        let left = rate >= 1 ? Int64((Double(snapshot.bytes - snapshot.bytesDone) / rate).rounded(.up)) : nil
        let parts = [
            percent,
            "\(size(snapshot.bytesDone)) of \(size(snapshot.bytes))",
            "\(size(Int64(min(max(rate, 0), 0x1p60))))/s",
            "ETA \(left.map(StatusReport.span) ?? "-")",
            "\(snapshot.filesDone)/\(snapshot.files) files",
        ]
        for count in (1...parts.count).reversed() {
            let text = parts.prefix(count).joined(separator: "  ")
            let rest = room - text.count - 3
            if rest >= smallestBar {
                return bar(share, min(rest, largestBar)) + " " + text
            }
        }
        return String(percent.prefix(room))
    }

    /// Ten steps are the least that a bar is worth drawing for.
    private static let smallestBar = 10
    /// Longer ones are harder to read, not easier.
    private static let largestBar = 40

    private static func bar(_ share: Double, _ width: Int) -> String {
        let filled = Int(share * Double(width))
        return "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: width - filled))]"
    }

    private static func size(_ bytes: Int64) -> String { ByteSize(bytes: bytes).approximate }
}

extension ProgressLine {
    /// The columns of the terminal that is standard error.
    static var width: Int {
        Terminal.size(of: STDERR_FILENO)?.columns ?? 80
    }
}
