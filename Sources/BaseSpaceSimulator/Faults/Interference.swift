/// What the faults that met a request do to it together.
struct Interference: Sendable {
    /// The answer that replaces the right one.
    struct Replacement: Sendable {
        var status: Int
        var body: String?
        var headers: [String: String]
    }

    /// How a body ends before its end.
    enum Cut: Sendable {
        case reset
        case close
        case stall
    }

    /// Which set of faults decided this.
    var generation = 0
    var replacement: Replacement?
    var hangs = false
    var latency = Duration.zero
    var bytesPerSecond: Int?
    var cut: (kind: Cut, afterBytes: Int)?
    var entityTag: String?
    var contentRange: String?
    var ignoresRange = false
    var omitsTotalCount = false

    /// Whether the body is sent as fast and as long as it is.
    var leavesBodyAlone: Bool { bytesPerSecond == nil && cut == nil }

    /// Adds an effect. Delays add up, the slower line counts, of two cuts the earlier one; otherwise the later fault.
    mutating func add(_ effect: Fault.Effect) {
        switch effect {
        case .status(let status, let body, let headers):
            replacement = Replacement(status: status, body: body, headers: headers)
        case .hang: hangs = true
        case .latency(let duration): latency += duration
        case .bandwidth(let speed): bytesPerSecond = min(bytesPerSecond ?? .max, max(1, speed))
        case .reset(let bytes): cut(.reset, after: bytes)
        case .shortBody(let bytes): cut(.close, after: bytes)
        case .stall(let bytes): cut(.stall, after: bytes)
        case .entityTag(let tag): entityTag = tag
        case .contentRange(let range): contentRange = range
        case .ignoreRange: ignoresRange = true
        case .omitTotalCount: omitsTotalCount = true
        }
    }

    private mutating func cut(_ kind: Cut, after bytes: Int) {
        guard bytes < cut?.afterBytes ?? .max else { return }
        cut = (kind, max(0, bytes))
    }
}
