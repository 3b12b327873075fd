/// The form in which faults come to `POST /simulator/faults`:
///
///     [{"effect":"reset","afterBytes":1000,"listener":"objectStore","method":"GET","path":"*.bam","count":1}]
///
/// | Effect | Members |
/// |---|---|
/// | status | `status`, and perhaps `body` and `headers` |
/// | latency | `milliseconds` |
/// | bandwidth | `bytesPerSecond` |
/// | reset, shortBody, stall | `afterBytes` |
/// | entityTag, contentRange | `value` |
/// | hang, ignoreRange, omitTotalCount | |
///
/// Which requests: `listener` (`api` or `objectStore`), `method`, `path`, `isRanged`, `skipping`, `count`, `probability`,
/// as in `Match`.
extension Fault {
    /// Why a fault can't be understood.
    struct Malformed: Error {
        let message: String
    }

    init(_ json: JSON) throws(Malformed) {
        var match = Match()
        if let name = json["listener"]?.text {
            guard let listener = Listener(rawValue: name) else {
                throw Malformed(message: "listener is api or objectStore, not \(name)")
            }
            match.listener = listener
        }
        match.method = json["method"]?.text
        match.path = json["path"]?.text
        if case .bool(let isRanged)? = json["isRanged"] { match.isRanged = isRanged }
        match.skipping = json["skipping"]?.double.map { Int($0) } ?? 0
        match.count = json["count"]?.double.map { Int($0) }
        match.probability = json["probability"]?.double ?? 1
        self.init(try Self.effect(json), on: match)
    }

    private static func effect(_ json: JSON) throws(Malformed) -> Effect {
        let name = json["effect"]?.text ?? ""
        func number(_ member: String) throws(Malformed) -> Double {
            guard let value = json[member]?.double else {
                throw Malformed(message: "the effect \(name) needs a number \(member)")
            }
            return value
        }
        func text(_ member: String) throws(Malformed) -> String {
            guard let value = json[member]?.text else {
                throw Malformed(message: "the effect \(name) needs a string \(member)")
            }
            return value
        }
        switch name {
        case "status":
            let headers = json["headers"]?.members.compactMap { member in member.value.text.map { (member.name, $0) } }
            return .status(
                Int(try number("status")),
                body: json["body"]?.text,
                headers: Dictionary(headers ?? []) { first, _ in first }
            )
        case "hang": return .hang
        case "latency": return .latency(.milliseconds(Int64(try number("milliseconds"))))
        case "bandwidth": return .bandwidth(Int(try number("bytesPerSecond")))
        case "reset": return .reset(afterBytes: Int(try number("afterBytes")))
        case "shortBody": return .shortBody(afterBytes: Int(try number("afterBytes")))
        case "stall": return .stall(afterBytes: Int(try number("afterBytes")))
        case "entityTag": return .entityTag(try text("value"))
        case "contentRange": return .contentRange(try text("value"))
        case "ignoreRange": return .ignoreRange
        case "omitTotalCount": return .omitTotalCount
        default:
            throw Malformed(
                message: "no effect \"\(name)\": there are status, hang, latency, bandwidth, reset, shortBody, stall, "
                    + "entityTag, contentRange, ignoreRange and omitTotalCount"
            )
        }
    }
}
