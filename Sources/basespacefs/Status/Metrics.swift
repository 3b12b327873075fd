/// The figures of a mount in Prometheus's text format, version 0.0.4: for each metric its help, its type and its samples.
struct Metrics {
    /// What a metric is.
    enum Kind: String, Sendable {
        /// It only grows, from the mount's beginning on.
        case counter
        /// It is what it is at the moment.
        case gauge
    }

    /// A number, and the labels that tell it from the others of its metric.
    struct Sample: Sendable {
        var labels: [(name: String, value: String)] = []
        var value: String

        init(_ value: some BinaryInteger, _ labels: (name: String, value: String)...) {
            self.labels = labels
            self.value = String(value)
        }

        init(_ value: Double, _ labels: (name: String, value: String)...) {
            self.labels = labels
            self.value = value == value.rounded() && abs(value) < 0x1p53 ? String(Int64(value)) : String(value)
        }
    }

    /// A metric: its name, with the unit at its end, what it says, and where its samples come from.
    struct Metric: Sendable {
        var name: String
        var kind: Kind
        var help: String
        var samples: @Sendable (MountFigures) -> [Sample]
    }

    private let figures: MountFigures

    init(_ figures: MountFigures) {
        self.figures = figures
    }

    /// A metric without samples is left out.
    var text: String {
        Self.all.map { metric in
            let lines = metric.samples(figures).map { Self.line(metric.name, $0) }.sorted()
            guard !lines.isEmpty else { return "" }
            let head = "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            return head + lines.joined()
        }.joined()
    }

    private static func line(_ name: String, _ sample: Sample) -> String {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        return name + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)\n"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
