import SystemPackage

/// What takes files: a Sample or an AppResult.
enum ContainerID: Hashable, Sendable {
    case sample(Int64)
    case appResult(Int64)

    /// Plural, as in paths.
    var kind: String {
        switch self {
        case .sample: "samples"
        case .appResult: "appresults"
        }
    }

    var id: Int64 {
        switch self {
        case .sample(let id), .appResult(let id): id
        }
    }
}

/// Anything with a numeric id that stands in a collection.
protocol Entity: Sendable {
    var id: Int64 { get }
    var name: String { get }
    var created: ServiceDate { get }
}

/// The owner of everything in a simulator.
struct User: Entity {
    var id: Int64 = 501
    var name = "Simulated User"
    var email = "user@basespace.example"
    var created = ServiceDate(seconds: 1_483_228_800)
}

/// A Project: Samples and AppResults of one owner under a name that is unique among them.
struct Project: Entity {
    let id: Int64
    var name: String
    var description = ""
    var created: ServiceDate
    var modified: ServiceDate
    var samples: [Int64] = []
    var appResults: [Int64] = []
}

/// A Sample: FASTQ files that a run produced.
struct Sample: Entity {
    let id: Int64
    var name: String
    let project: Int64
    let session: Int64
    var created: ServiceDate
}

/// An AppResult: files that an application produced. Its status is its AppSession's.
struct AppResult: Entity {
    let id: Int64
    var name: String
    var description = ""
    let project: Int64
    let session: Int64
    var created: ServiceDate
    /// As given when it was made.
    var references: JSON = []
}

/// An AppSession: one run of an application.
struct AppSession: Entity {
    let id: Int64
    var name: String
    var life: SessionLifeCycle
    var statusSummary: String
    var created: ServiceDate
    var modified: ServiceDate
    var completed: ServiceDate?
    var containers: [ContainerID] = []
}

/// A file in a container.
struct File: Entity {
    enum UploadStatus: String {
        case pending
        case complete
        case aborted
    }

    /// A part of an open multipart upload.
    struct Part {
        var size: Int64
        /// The part's MD5, hexadecimal.
        var etag: String
        var location: FilePath
    }

    let id: Int64
    let container: ContainerID
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// `directory/name` without a leading slash.
    let path: String
    var contentType: String
    var size: Int64
    var created: ServiceDate
    var modified: ServiceDate
    var uploadStatus: UploadStatus
    /// Bare; nil for a file of the data directory until somebody asks.
    var etag: String?
    /// Where its bytes are; nil while an upload is open.
    var location: FilePath?
    /// Whether it came by an upload, not from the data directory.
    var isUploaded = false
    /// Whether another file had its path before.
    var isDuplicate = false
    /// The parts that have arrived, by number, while a multipart upload is open.
    var parts: [Int: Part] = [:]
    /// Whether its parts are being put together.
    var isJoining = false
}

/// The entities of one kind, by id.
struct Table<Element: Entity>: Sendable {
    private var elements: [Int64: Element] = [:]

    subscript(id: Int64) -> Element? { elements[id] }

    /// Every entity, in the order of ids.
    var all: [Element] { elements.values.sorted { $0.id < $1.id } }

    /// Every id, in no order.
    var ids: [Int64] { Array(elements.keys) }

    /// Adds an entity, whose id must be new.
    mutating func insert(_ element: Element) {
        elements[element.id] = element
    }

    /// Removes an entity.
    mutating func remove(_ id: Int64) {
        elements[id] = nil
    }

    /// Changes an entity in place; nothing happens if there is none with this id.
    mutating func update(_ id: Int64, _ change: (inout Element) -> Void) {
        guard var element = elements.removeValue(forKey: id) else { return }
        change(&element)
        elements[id] = element
    }
}
