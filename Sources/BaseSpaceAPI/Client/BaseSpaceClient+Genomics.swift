internal import HTTPTransport

/// What the service knows about the insides of files: of BAM files that it has indexed (their metadata has
/// `HrefCoverage`), and of VCF files (`HrefVariants`). All of it is from Illumina's SDKs.
extension BaseSpaceClient {
    /// The most variants that a page may have.
    private static let variantsOfPage = 1000

    /// How often a stretch was read, in the buckets that the service thinks fit for its length.
    ///
    /// - Parameters:
    ///   - start: The first place, counted from 1.
    ///   - end: The last place.
    public func coverage(
        of fileID: EntityID,
        chromosome: String,
        from start: Int64,
        to end: Int64
    ) async throws(BaseSpaceError) -> ReadCoverage {
        let endpoint = Endpoint.get(
            ["v1pre3", "coverage", fileID.rawValue, chromosome],
            query: Self.stretch(start, end)
        )
        try Self.check(start, end, endpoint)
        return try await value(endpoint)
    }

    /// What a chart of a chromosome's coverage needs to know.
    public func coverageMetadata(
        of fileID: EntityID,
        chromosome: String
    ) async throws(BaseSpaceError) -> ReadCoverageMetadata {
        try await value(.get(["v1pre3", "coverage", fileID.rawValue, chromosome, "meta"]))
    }

    /// The head of a file of variants: lines that begin with `#`, as VCF.
    public func variantHeader(of fileID: EntityID) async throws(BaseSpaceError) -> String {
        try await text(["v1pre3", "variantset", fileID.rawValue], query: [("Format", "vcf")])
    }

    /// The variants of a stretch, as lines of VCF. A head comes with them only if the service sends one.
    ///
    /// - Parameters:
    ///   - start: The first place, counted from 1.
    ///   - end: The last place.
    public func variants(
        of fileID: EntityID,
        chromosome: String,
        from start: Int64,
        to end: Int64
    ) async throws(BaseSpaceError) -> String {
        let segments = ["v1pre3", "variantset", fileID.rawValue, "variants", chromosome]
        try Self.check(start, end, .get(segments))
        var pages = VariantPages()
        while !pages.isComplete {
            let query = [
                ("Format", "vcf"), ("SortBy", "Position"), ("SortDir", "Asc"), ("Offset", String(pages.count)),
                ("Limit", String(Self.variantsOfPage)),
            ]
            pages.add(try await text(segments, query: Self.stretch(start, end) + query))
        }
        return pages.text
    }

    private static func stretch(_ start: Int64, _ end: Int64) -> [(String, String)] {
        [("StartPos", String(start)), ("EndPos", String(end))]
    }

    private static func check(_ start: Int64, _ end: Int64, _ endpoint: Endpoint) throws(BaseSpaceError) {
        guard start >= 1, end >= start else {
            throw .invalid(
                "a stretch of a chromosome goes from 1 or more to no less; this is \(start) to \(end)",
                endpoint
            )
        }
    }

    private func text(_ segments: [String], query: [(String, String)]) async throws(BaseSpaceError) -> String {
        var endpoint = Endpoint.get(segments, query: query)
        endpoint.headers["Accept"] = "text/plain, */*"
        let body = try await response(endpoint).body
        let first = body.first { !Self.whiteSpace.contains($0) }
        guard first != UInt8(ascii: "{"), first != UInt8(ascii: "<") else {
            throw .foreign(endpoint.description)
        }
        return String(decoding: body, as: UTF8.self)
    }
}

/// Pages of VCF, put together. Such a page tells neither how many variants there are nor how many a page has: the service
/// may cut pages shorter than asked for. So the first page shows how long they are, and one that is shorter is the last.
struct VariantPages {
    private(set) var text = ""
    /// Variants so far.
    private(set) var count = 0
    private(set) var isComplete = false
    private var firstCount: Int?
    private var last = ""

    /// Adds a page. Its head counts on the first page only.
    mutating func add(_ page: String) {
        // To Swift, CR and LF in a row are one character.
        let lines = page.split { $0 == "\n" || $0 == "\r\n" }
        let variants = lines.filter { !$0.hasPrefix("#") }
        let isFirst = firstCount == nil
        // A server that takes no notice of the offset would send the same for ever.
        guard isFirst || page != last else {
            isComplete = true
            return
        }
        for line in isFirst ? lines : variants {
            text += line + "\n"
        }
        count += variants.count
        isComplete = variants.isEmpty || variants.count < (firstCount ?? 0)
        firstCount = firstCount ?? variants.count
        last = page
    }
}
