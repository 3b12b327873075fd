/// The parameters of a request. Their names are case-insensitive; the first of equal names counts.
struct Parameters: Sendable {
    private(set) var all: [(name: String, value: String)] = []

    init() {}

    /// Parameters of a query or of a form.
    init(form text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            all.append((PercentEncoding.decode(parts[0], plusIsSpace: true), value))
        }
    }

    /// Parameters in a body: a JSON object if it begins like one, a form otherwise. The `Content-Type` says nothing:
    /// the Python SDK begins a multipart upload with JSON under the type of the *file*.
    init(body: [UInt8]) {
        if body.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            self.init()
            all = (JSON(parsing: body)?.members ?? []).compactMap { member in
                member.value.text.map { (member.name, $0) }
            }
        } else {
            self.init(form: String(decoding: body, as: UTF8.self))
        }
    }

    /// The value of a parameter, nil if there is none.
    subscript(name: String) -> String? {
        let name = name.lowercased()
        return all.first { $0.name.lowercased() == name }?.value
    }

    /// The value of a parameter if it isn't empty.
    func nonEmpty(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        return value
    }

    /// Whether a parameter says yes.
    func isTrue(_ name: String) -> Bool { self[name]?.lowercased() == "true" }

    /// The parts of a comma-separated list; nil if the parameter is missing or empty.
    func list(_ name: String) -> [String]? {
        nonEmpty(name)?.split(separator: ",").map { String($0.trimmingSpaces()) }
    }

    /// These parameters, and behind them those of a body.
    func merging(_ other: Parameters) -> Parameters {
        var merged = self
        merged.all += other.all
        return merged
    }
}

extension StringProtocol {
    /// The text without blanks at both ends.
    func trimmingSpaces() -> SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
