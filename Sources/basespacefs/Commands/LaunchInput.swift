import BaseSpaceAPI

/// The words of a command line that become the payload of a launch.
struct LaunchInput {
    private let template: String?
    private let values: [String: String]
    private let properties: [(name: String, value: PropertyValue)]
    /// The paths among the words.
    let places: [Place]

    /// An entity that was named by a path.
    struct Place: Hashable {
        var path: String
        var entity: EntityReference
    }

    /// Reads the words.
    ///
    /// - Parameters:
    ///   - project: An id, or a path in a mount.
    ///   - inputs: `KEY=VALUE` each.
    ///   - template: The text of a payload with placeholders.
    ///   - values: `NAME=VALUE` each, for the placeholders.
    ///   - reference: What an existing path refers to; by default what its extended attributes say.
    init(
        project: String?,
        inputs: [String],
        template: String?,
        values: [String],
        reference: (String) -> EntityReference? = EntityReference.init(atPath:)
    ) throws(CommandFailure) {
        self.template = template
        var named: [String: String] = [:]
        for word in values {
            let (name, value) = try Self.pair(word, option: "--set")
            guard named.updateValue(value, forKey: name) == nil else {
                throw CommandFailure("--set gives \(name) two values", status: .usage)
            }
        }
        self.values = named

        var order: [String] = []
        var elements: [String: [Element]] = [:]
        var lists: Set<String> = []
        var places: [Place] = []
        let projects =
            project.map { ["project-id=" + ($0.contains("/") || $0.contains(":") ? $0 : "project:\($0)")] } ?? []
        for word in projects + inputs {
            var (key, value) = try Self.pair(word, option: "--input")
            if key.hasSuffix("[]") {
                key.removeLast(2)
                lists.insert(key)
            }
            if elements[key] == nil { order.append(key) }
            let element = try Self.element(value, reference)
            if case .reference(let entity) = element, Self.isPath(value) {
                places.append(Place(path: value, entity: entity))
            }
            elements[key, default: []].append(element)
        }
        self.places = places
        if let project, let element = elements["project-id"]?.first {
            guard case .reference(let reference) = element, reference.kind == .project else {
                throw CommandFailure("--project takes a project's id, or the path of one in a mount, not '\(project)'")
            }
        }
        var properties: [(name: String, value: PropertyValue)] = []
        for key in order {
            let name = key.lowercased().hasPrefix("input.") ? key : "Input." + key
            let parts = elements[key] ?? []
            let isList = lists.contains(key) || parts.count > 1
            properties.append((name, try Self.value(of: parts, isList: isList, key: key)))
        }
        self.properties = properties
    }

    /// The payload.
    ///
    /// - Parameter name: Of the session, when the payload has none.
    func payload(name: String) throws(CommandFailure) -> LaunchPayload {
        do throws(LaunchPayload.Fault) {
            var payload =
                if let template { try LaunchPayload(template: template, values: values) } else {
                    LaunchPayload(name: name)
                }
            if payload.name?.isEmpty != false {
                payload.name = name
            }
            for (name, value) in properties {
                try payload.set(value, named: name)
            }
            return payload
        } catch {
            throw CommandFailure(error.description)
        }
    }

    private enum Element {
        case text(String)
        case reference(EntityReference)
    }

    private static func pair(_ word: String, option: String) throws(CommandFailure) -> (String, String) {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
            throw CommandFailure("\(option) takes NAME=VALUE, not '\(word)'", status: .usage)
        }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func isPath(_ value: String) -> Bool {
        ["/", "./", "../"].contains { value.hasPrefix($0) }
    }

    private static func element(
        _ value: String,
        _ reference: (String) -> EntityReference?
    ) throws(CommandFailure) -> Element {
        if value.hasPrefix("text:") { return .text(String(value.dropFirst(5))) }
        if isPath(value) {
            guard let reference = reference(value) else {
                throw CommandFailure(
                    "'\(value)' is no project, sample, AppResult, run, session or file in a mount of basespacefs"
                )
            }
            return .reference(reference)
        }
        let parts = value.split(separator: ":", maxSplits: 1).map(String.init)
        if parts.count == 2, let kind = EntityKind(word: parts[0]), !parts[1].isEmpty {
            return .reference(EntityReference(kind, EntityID(parts[1])))
        }
        return .text(value)
    }

    private static func value(
        of elements: [Element],
        isList: Bool,
        key: String
    ) throws(CommandFailure) -> PropertyValue {
        let texts = elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
        let references = elements.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
        if references.isEmpty { return isList ? .texts(texts) : .text(texts[0]) }
        guard texts.isEmpty, Set(references.map(\.kind)).count == 1 else {
            throw CommandFailure("--input \(key): a list is of texts, or of entities of one kind")
        }
        return isList ? .references(references[0].kind, references) : .reference(references[0])
    }
}
