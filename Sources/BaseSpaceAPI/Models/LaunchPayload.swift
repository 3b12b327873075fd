internal import FoundationEssentials

/// What starts an app: the body of `POST applications/{id}/appsessions`. (Illumina's documentation, SDK)
///
/// ```json
/// {"Name": "Trio 7", "StatusSummary": "AutoLaunch", "AutoStart": true,
///  "Properties": [{"Type": "project", "Name": "Input.project-id", "Content": "v1pre3/projects/12"}]}
/// ```
public struct LaunchPayload: Sendable {
    /// What can't be made a payload, in one line.
    public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// What was wrong and what to do.
        public let description: String
    }

    private var fields: [String: JSONValue]

    /// A payload of its own, that starts at once.
    public init(name: String) {
        fields = [
            "Name": .text(name), "StatusSummary": .text(""), "AutoStart": .boolean(true), "Properties": .array([]),
        ]
    }

    /// Reads a payload, and puts values into its `{{name}}` placeholders. They stand inside texts of the JSON; what is put
    /// there is escaped.
    ///
    /// - Throws: ``Fault`` when a placeholder has no value or a value no placeholder, and when the result is no JSON object
    ///   of these four keys.
    public init(template: String, values: [String: String]) throws(Fault) {
        let text = try Self.filled(template, values)
        guard case .object(let fields) = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            throw Fault(description: "the payload is no JSON object, {\"Name\": …, \"Properties\": […]}")
        }
        for (key, value) in fields {
            guard let isRight = Self.keys[key] else {
                let known = Self.keys.keys.sorted().joined(separator: ", ")
                throw Fault(description: "the payload has a key '\(key)', and may have \(known)")
            }
            guard isRight(value) else { throw Fault(description: "'\(key)' of the payload has the wrong type") }
        }
        self.fields = fields
    }

    /// What a payload consists of. What the service does not know it leaves out, and starts the app all the same.
    private static let keys: [String: @Sendable (JSONValue) -> Bool] = [
        "Name": { if case .text = $0 { true } else { false } },
        "StatusSummary": { if case .text = $0 { true } else { false } },
        "AutoStart": { if case .boolean = $0 { true } else { false } },
        "Properties": { if case .array = $0 { true } else { false } },
    ]

    /// The name of the session to be.
    public var name: String? {
        get { if case .text(let name) = fields["Name"] { name } else { nil } }
        set { fields["Name"] = newValue.map { .text($0) } }
    }

    /// Whether it starts at once.
    public var startsAtOnce: Bool {
        get { fields["AutoStart"] != .boolean(false) }
        set { fields["AutoStart"] = .boolean(newValue) }
    }

    /// The line of text beside the state.
    public var statusSummary: String {
        get { if case .text(let summary) = fields["StatusSummary"] { summary } else { "" } }
        set { fields["StatusSummary"] = .text(newValue) }
    }

    /// Puts a property in, in place of one of that name.
    ///
    /// - Throws: ``Fault`` for a name or a value that the service is known to refuse.
    public mutating func set(_ value: PropertyValue, named name: String) throws(Fault) {
        if let fault = PropertyName.fault(in: name) ?? value.fault {
            throw Fault(description: "'\(name)': \(fault)")
        }
        guard let object = value.object(name: name, description: nil),
            let property = try? JSONDecoder().decode(JSONValue.self, from: Data(object.bytes))
        else { throw Fault(description: "'\(name)': a property of type \(value.type) can't be sent") }
        var properties: [JSONValue] = if case .array(let known) = fields["Properties"] { known } else { [] }
        properties.removeAll { if case .object(let known) = $0 { known["Name"] == .text(name) } else { false } }
        fields["Properties"] = .array(properties + [property])
    }

    /// The body of the call.
    public var bytes: [UInt8] { Array((JSONValue.object(fields).text ?? "{}").utf8) }

    private static func filled(_ template: String, _ values: [String: String]) throws(Fault) -> String {
        var text = ""
        var used: Set<String> = []
        var rest = template[...]
        while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
            let name = rest[start.upperBound..<end.lowerBound].trimmed
            guard let value = values[name] else {
                throw Fault(description: "the payload wants a value for {{\(name)}}: say --set \(name)=VALUE")
            }
            used.insert(name)
            text += rest[..<start.lowerBound] + escaped(value)
            rest = rest[end.upperBound...]
        }
        if let unused = values.keys.filter({ !used.contains($0) }).min() {
            throw Fault(description: "the payload has no {{\(unused)}} that --set could fill")
        }
        return text + rest
    }

    /// A text as it stands between the quotes of JSON.
    private static func escaped(_ text: String) -> String {
        String((JSONValue.text(text).text ?? "\"\"").dropFirst().dropLast())
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
