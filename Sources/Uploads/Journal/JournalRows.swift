internal import BaseSpaceAPI
internal import GRDB

/// A `FileContainer` in two columns.
enum ContainerKind: String, Codable, DatabaseValueConvertible {
    case appResult, sample, run, dataset, logs

    init(_ container: FileContainer) {
        switch container {
        case .appResult: self = .appResult
        case .sample: self = .sample
        case .run: self = .run
        case .dataset: self = .dataset
        case .logs: self = .logs
        }
    }

    func container(_ id: String) -> FileContainer {
        switch self {
        case .appResult: .appResult(EntityID(id))
        case .sample: .sample(EntityID(id))
        case .run: .run(EntityID(id))
        case .dataset: .dataset(EntityID(id))
        case .logs: Self.logs(id)
        }
    }

    /// `SESSION/SET`, as the container itself writes it.
    private static func logs(_ id: String) -> FileContainer {
        let parts = id.split(separator: "/", maxSplits: 1).map { EntityID(String($0)) }
        return .logs(parts.last ?? "", session: parts.first ?? "")
    }
}

extension PartRow {
    /// The MD5s of a file's parts by their numbers, empty ones for those that were not acknowledged.
    static func sent(of serial: String, in database: Database) throws -> [Int: String] {
        let rows = try PartRow.filter(Column("serial") == serial).fetchAll(database)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.number, $0.md5) })
    }
}

/// What a row of `request` asks for.
struct RequestRow: Codable, FetchableRecord, PersistableRecord {
    enum Kind: String, Codable, DatabaseValueConvertible {
        case retry, discard
    }

    static let databaseTableName = "request"
    /// The later request is the one that counts.
    static let persistenceConflictPolicy = PersistenceConflictPolicy(insert: .replace, update: .replace)

    var serial: String
    var kind: Kind
}

extension RequestRow {
    var request: JournalRequest {
        switch kind {
        case .retry: .retry(serial: serial)
        case .discard: .discard(serial: serial)
        }
    }

    /// `nil` for what is not asked for by a row.
    init?(_ request: JournalRequest) {
        switch request {
        case .retry(let serial): self.init(serial: serial, kind: .retry)
        case .discard(let serial): self.init(serial: serial, kind: .discard)
        case .orphaned: return nil
        }
    }
}

/// A part that was sent. The MD5 is empty until the service acknowledged it.
struct PartRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "part"
    /// A part that changed is sent again under its number.
    static let persistenceConflictPolicy = PersistenceConflictPolicy(insert: .replace, update: .replace)

    var serial: String
    var number: Int
    var md5: String
}
