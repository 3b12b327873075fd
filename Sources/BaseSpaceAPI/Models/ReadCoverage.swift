/// How often the places of a stretch of a chromosome were read, in buckets.
public struct ReadCoverage: Sendable, Hashable, Decodable {
    /// The chromosome as the file names it.
    public var chromosome: String
    /// The first place, counted from 1.
    public var start: Int64
    /// The last place; the service may round it up to the end of a bucket (SDK).
    public var end: Int64
    /// Places in a bucket.
    public var bucketSize: Int64
    /// The mean of each bucket. The service sends whole numbers.
    public var mean: [Double]

    /// Reads a reply. (SDK)
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        chromosome = try fields.value("Chrom")
        start = try fields.value("StartPos")
        end = try fields.value("EndPos")
        bucketSize = try fields.value("BucketSize")
        mean = try fields.array("MeanCoverage")
    }
}

/// What a chart of a chromosome's coverage needs to know.
public struct ReadCoverageMetadata: Sendable, Hashable, Decodable {
    /// The highest coverage.
    public var maximum: Int64
    /// The size of the smallest bucket, in places.
    public var granularity: Int64

    /// Reads a reply. (SDK)
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        maximum = try fields.value("MaxCoverage")
        granularity = try fields.value("CoverageGranularity")
    }
}
