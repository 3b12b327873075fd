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
        appSessionID: EntityID? = nil
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
    }
}
