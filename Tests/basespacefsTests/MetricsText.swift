/// Reads Prometheus's text format, line by line and strictly, as a scraper would.
struct MetricsText {
    /// A line that breaks a rule.
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// The value of each sample, by the metric's name and its labels as they stand there.
    private(set) var samples: [String: Double] = [:]
    /// The type of each metric.
    private(set) var types: [String: String] = [:]
    private var helps: Set<String> = []
    private var current: String?

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Violation(description: "the last line has no newline") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            do {
                try read(String(line))
            } catch let violation as Violation {
                throw Violation(description: "\(violation) in: \(line)")
            }
        }
        for name in types.keys where !samples.keys.contains(where: { $0 == name || $0.hasPrefix(name + "{") }) {
            throw Violation(description: "\(name) has no samples")
        }
    }

    private mutating func read(_ line: String) throws {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        if line.hasPrefix("# HELP ") {
            guard words.count > 3, helps.insert(words[2]).inserted else { throw Violation(description: "a bad HELP") }
            current = words[2]
        } else if line.hasPrefix("# TYPE ") {
            guard words.count == 4, words[2] == current, types[words[2]] == nil,
                ["counter", "gauge"].contains(words[3])
            else { throw Violation(description: "a TYPE that does not follow its HELP") }
            types[words[2]] = words[3]
        } else {
            try readSample(line)
        }
    }

    private mutating func readSample(_ line: String) throws {
        let name = line.prefix { $0 != "{" && $0 != " " }
        guard name.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil else { throw Violation(description: "a bad name") }
        guard String(name) == current, let type = types[String(name)] else {
            throw Violation(description: "a sample outside of its metric")
        }
        guard (type == "counter") == name.hasSuffix("_total") else {
            throw Violation(description: "_total is for counters and all of them")
        }
        var rest = line.dropFirst(name.count)
        if let labels = rest.prefixMatch(of: /\{[a-z_]+="(?:[^"\\]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\]|\\["\\n])*")*\}/) {
            rest = rest[labels.range.upperBound...]
        }
        guard rest.first == " ", let value = Double(rest.dropFirst()), value.isFinite, value >= 0 else {
            throw Violation(description: "no value, or a bad one")
        }
        let key = String(line[..<rest.startIndex])
        guard samples.updateValue(value, forKey: key) == nil else { throw Violation(description: "a second sample") }
    }
}
