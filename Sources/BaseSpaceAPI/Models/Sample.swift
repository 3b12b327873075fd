/// A sample: the FASTQ files of one library. Names are not unique.
public struct Sample: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name.
    public var name: String
    /// The id on the sample sheet.
    public var sheetID: String?
    /// The run's name.
    public var experimentName: String?
    /// The status of the session that made it.
    public var status: SessionStatus?
    /// The same in a sentence.
    public var statusSummary: String?
    /// When it was made.
    public var created: Timestamp?
    /// Bytes of all its files.
    public var totalSize: Int64?
    /// The session that made it; only in the full form.
    public var appSessionID: EntityID?
    /// Its number on the sample sheet; only in the full form.
    public var sampleNumber: Int64?
    /// Clusters that were read, whether they passed the filter or not.
    public var readsRaw: Int64?
    /// Clusters that passed the filter.
    public var readsPassedFilter: Int64?
    /// The length of the first read in bases.
    public var read1: Int64?
    /// The length of the second read in bases; 0 or missing when there is none.
    public var read2: Int64?
    /// Whether each fragment was read from both ends.
    public var isPairedEnd: Bool?
    /// The service's link to it.
    public var href: String?
    /// The project that it is in, of several the first; only in the full form.
    public var projectID: EntityID?

    /// Creates a sample.
    public init(
        id: EntityID,
        name: String,
        sheetID: String? = nil,
        experimentName: String? = nil,
        status: SessionStatus? = nil,
        statusSummary: String? = nil,
        created: Timestamp? = nil,
        totalSize: Int64? = nil,
        appSessionID: EntityID? = nil,
        sampleNumber: Int64? = nil,
        readsRaw: Int64? = nil,
        readsPassedFilter: Int64? = nil,
        read1: Int64? = nil,
        read2: Int64? = nil,
        isPairedEnd: Bool? = nil,
        href: String? = nil,
        projectID: EntityID? = nil
    ) {
        self.id = id
        self.name = name
        self.sheetID = sheetID
        self.experimentName = experimentName
        self.status = status
        self.statusSummary = statusSummary
        self.created = created
        self.totalSize = totalSize
        self.appSessionID = appSessionID
        self.sampleNumber = sampleNumber
        self.readsRaw = readsRaw
        self.readsPassedFilter = readsPassedFilter
        self.read1 = read1
        self.read2 = read2
        self.isPairedEnd = isPairedEnd
        self.href = href
        self.projectID = projectID
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        sheetID = fields.text("SampleId")
        experimentName = fields.text("ExperimentName")
        status = fields.status("Status")
        statusSummary = fields.text("StatusSummary")
        created = fields.timestamp("DateCreated")
        totalSize = fields.integer("TotalSize")
        appSessionID = try? fields.nested("AppSession")?.id()
        sampleNumber = fields.integer("SampleNumber")
        readsRaw = fields.integer("NumReadsRaw")
        readsPassedFilter = fields.integer("NumReadsPF")
        read1 = fields.integer("Read1")
        read2 = fields.integer("Read2")
        isPairedEnd = fields.boolean("IsPairedEnd")
        href = fields.text("Href")
        let projects: [Reference.Target]? = try? fields.array("Projects")
        projectID = projects?.first?.id
    }
}
