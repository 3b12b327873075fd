extension Simulator {
    /// What a token may do: a set of scopes such as `browse global`, `write project 12` or `create projects`.
    public struct Grant: Sendable, Hashable {
        /// In lower case, single blanks between the words.
        public var scopes: Set<String>

        /// Reads a comma-separated list as clients send it, in any case. Scopes that nobody knows stay in the set and
        /// grant nothing.
        public init(scopes text: String) {
            scopes = Set(
                text.lowercased().split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
                    .filter { !$0.isEmpty }
            )
        }

        /// Everything.
        public static let all = Grant(
            scopes: "browse global, read global, write global, create global, create projects, create runs, "
                + "start applications, movetotrash global, empty trash"
        )
        /// `browse global, read global`.
        public static let readOnly = Grant(scopes: "browse global, read global")
        /// `browse global`.
        public static let browseOnly = Grant(scopes: "browse global")
    }
}

/// A right on an entity.
enum Access: String {
    case browse
    case read
    case write
    case create

    /// The verbs of the scopes that give it: who writes also reads, and who reads also browses. Whoever may only create
    /// sees nothing.
    var granting: [String] {
        switch self {
        case .browse: ["browse", "read", "write"]
        case .read: ["read", "write"]
        case .write: ["write"]
        case .create: ["create", "write"]
        }
    }
}

extension Simulator.Grant {
    /// A scope without an entity: `create projects`, `empty trash`.
    func has(_ scope: String) -> Bool { scopes.contains(scope) }

    /// Whether a right holds for everything.
    func isGlobal(_ access: Access) -> Bool { access.granting.contains { scopes.contains("\($0) global") } }

    /// Whether a right holds for an entity.
    ///
    /// - Parameter lineage: the entity and those that it belongs to.
    func allows(_ access: Access, on lineage: [EntityID]) -> Bool {
        if isGlobal(access) { return true }
        return lineage.contains { entity in
            access.granting.contains { scopes.contains("\($0) \(entity.kind.type) \(entity.id)") }
        }
    }

    /// As the service lists scopes: upper case.
    var listed: [String] { scopes.map { $0.uppercased() }.sorted() }

    /// The first scope that nothing knows.
    static func unknownScope(in text: String) -> String? {
        let special: Set<String> = [
            "create projects", "create runs", "start applications", "manage applications", "movetotrash global",
            "empty trash", "audit user", "audit domain",
        ]
        return Simulator.Grant(scopes: text).scopes.sorted().first { scope in
            let words = scope.split(separator: " ").map(String.init)
            let isVerb = words.first.flatMap { Access(rawValue: $0) } != nil
            let isTarget =
                words.count == 2 && words[1] == "global"
                || words.count == 3 && EntityKind(type: words[1]) != nil && Int64(words[2]) != nil
            return !special.contains(scope) && !(isVerb && isTarget)
        }
    }
}
