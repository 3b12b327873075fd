import Synchronization

/// The tokens that the API accepts.
final class TokenStore: Sendable {
    /// What is known of a token.
    struct Holder: Sendable {
        var grant: Simulator.Grant
        /// What it was used to make: a token keeps its rights on that, and on what is in it.
        var made: Set<EntityID> = []
        var created: ServiceDate
        /// A name for lists, which never show the token.
        var id: Int
    }

    private let holders: Mutex<[String: Holder]>
    private let count: Mutex<Int>

    init(_ tokens: [String: Simulator.Grant], now: ServiceDate) {
        var holders: [String: Holder] = [:]
        for (number, token) in tokens.keys.sorted().enumerated() {
            holders[token] = Holder(grant: tokens[token] ?? .browseOnly, created: now, id: number + 1)
        }
        self.holders = Mutex(holders)
        count = Mutex(holders.count)
    }

    subscript(token: String) -> Holder? { holders.withLock { $0[token] } }

    /// Adds a token, or gives another grant to one that is there.
    func add(_ token: String, _ grant: Simulator.Grant, now: ServiceDate) {
        let id = count.withLock { count in
            count += 1
            return count
        }
        holders.withLock { holders in
            if holders[token] != nil {
                holders[token]?.grant = grant
            } else {
                holders[token] = Holder(grant: grant, created: now, id: id)
            }
        }
    }

    /// Takes a token back: false if there is none such.
    func revoke(_ token: String) -> Bool {
        holders.withLock { $0.removeValue(forKey: token) != nil }
    }

    /// Remembers that a token was used to make an entity.
    func record(_ entity: EntityID, madeBy token: String) {
        holders.withLock { holders in
            // Who may write everything needs no list.
            guard let grant = holders[token]?.grant, !grant.isGlobal(.write) else { return }
            holders[token]?.made.insert(entity)
        }
    }
}
