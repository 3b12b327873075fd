import SystemPackage

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
    /// What the sample sheet called it, its experiment, and the lengths of its reads.
    var sampleID: String?
    var experimentName = "Simulated experiment"
    var reads: (first: Int64, second: Int64) = (151, 151)
    var clusters: Int64 = 0
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
    /// The application whose run this is.
    var application = Application.simulatedID
    /// `AppTrigger` for what was launched, `AppUpload` otherwise.
    var purpose = "AppUpload"
    /// What it was launched with, as it came.
    var launchPayload: JSON?
}

/// A Run: what an instrument wrote while it sequenced.
struct Run: Entity {
    /// What the service knows as states of a run.
    enum Status: String, CaseIterable {
        case new = "New"
        case ready = "Ready"
        case running = "Running"
        case paused = "Paused"
        case stopped = "Stopped"
        case uploading = "Uploading"
        case pendingAnalysis = "PendingAnalysis"
        case analyzing = "Analyzing"
        case complete = "Complete"
        case failed = "Failed"
        case needsAttention = "NeedsAttention"

        /// In any case.
        init?(command: String) {
            guard let status = Self.allCases.first(where: { $0.rawValue.lowercased() == command.lowercased() }) else {
                return nil
            }
            self = status
        }
    }

    let id: Int64
    /// The instrument's run folder, `240101_M00001_0001_000000000-AAAAA`.
    var name: String
    /// What people call it.
    var experimentName: String
    var status = Status.complete
    var created: ServiceDate
    var modified: ServiceDate
    var number: Int64 = 1
    var platform = "MiSeq"
    var instrument = "M00001"
    var flowcellBarcode = "000000000-AAAAA"
    var reagentBarcode = "MS0000001-300V2"
    var laneAndQcStatus = "QcPassed"
    /// Locked runs are listed only on demand.
    var isLocked = false
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
    /// Whether its content is in the archive, from where nothing can be downloaded.
    var isArchived = false
}
