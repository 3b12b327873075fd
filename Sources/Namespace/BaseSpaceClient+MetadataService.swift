public import BaseSpaceAPI
internal import HTTPTransport

extension BaseSpaceClient: MetadataService {
    public func entities(in collection: EntityCollection) async throws(BaseSpaceError) -> [Entity] {
        switch collection {
        case .projects: return try await projects().map { .project($0) }
        case .runs: return try await runs().map { .run($0) }
        case .appSessions: return try await appSessions().map { .appSession($0) }
        case .bioSamples: return try await bioSamples().map { .bioSample($0) }
        case .genomes: return try await genomes().map { .genome($0) }
        case .samples(let project): return try await samples(of: project).map { .sample($0) }
        case .appResults(let project): return try await appResults(of: project).map { .appResult($0) }
        case .datasets(let project): return try await datasets(ofProject: project).map { .dataset($0) }
        case .projectSessions(let project): return try await appSessions(ofProject: project).map { .appSession($0) }
        case .bioSampleDatasets(let bioSample): return try await datasets(ofBioSample: bioSample).map { .dataset($0) }
        case .results(let session):
            return try await appResults(ofSession: session).map { .appResult($0) }
                + samples(ofSession: session).map { .sample($0) }
        }
    }

    public func entity(_ key: EntityKey) async throws(BaseSpaceError) -> Entity {
        switch key.kind {
        case .project: .project(try await project(key.id))
        case .sample: .sample(try await sample(key.id))
        case .appResult: .appResult(try await appResult(key.id))
        case .appSession: .appSession(try await appSession(key.id))
        case .run: .run(try await run(key.id))
        case .dataset: .dataset(try await dataset(key.id))
        case .bioSample: .bioSample(try await bioSample(key.id))
        case .genome: .genome(try await genome(key.id))
        case .file:
            throw BaseSpaceError(kind: .invalidRequest, message: "a file is no directory", endpoint: key.href)
        }
    }

    public func files(
        of container: FileContainer,
        expecting count: Int,
        _ receive: (borrowing RemoteFile) -> Void
    ) async throws(BaseSpaceError) {
        var (container, resolvesContent) = (container, true)
        switch container {
        case .logs("", let session):
            guard let logs = try await appSession(session).logs else { return }
            container = logs
        // With the signed URLs in the listing, opening a file costs no round trip. A run's listing is too long for that:
        // half a kilobyte for each of its 100,000 files.
        case .run: resolvesContent = false
        case .sample, .appResult, .dataset, .logs: break
        }
        try await files(
            of: container,
            resolvingContent: resolvesContent,
            expecting: count,
            receive
        )
    }

    public func properties(of owner: EntityKey) async throws(BaseSpaceError) -> [Property] {
        let owner = PropertyOwner(owner.kind, owner.id)
        var properties: [Property] = []
        for property in try await self.properties(of: owner) {
            properties.append(property.isCut ? try await complete(property, of: owner) : property)
        }
        return properties
    }

    public func setProperty(
        named name: String,
        of owner: EntityKey,
        to value: PropertyValue
    ) async throws(BaseSpaceError) {
        try await setProperty(named: name, of: PropertyOwner(owner.kind, owner.id), to: value, description: nil)
    }

    public func deleteProperty(named name: String, of owner: EntityKey) async throws(BaseSpaceError) {
        try await deleteProperty(named: name, of: PropertyOwner(owner.kind, owner.id))
    }

    public func text(of document: DocumentFile) async throws(BaseSpaceError) -> [UInt8] {
        switch document {
        case .json(.user): return try await entityJSON("v1pre3/users/current")
        case .json(.entity(let key)): return try await entityJSON(key.href)
        case .json(.collection(let collection)): return try await collectionJSON(collection.href)
        case .json(.file(let id)): return try await fileMetadataJSON(id)
        case .sampleProperties(let id): return Array(try await sample(id).propertiesText.utf8)
        case .status(let id): return Array("\(try await run(id).status ?? "")\n".utf8)
        case .launchPayload(let id): return try await launchPayload(of: id)
        case .contentURL(let id): return Array("\(try await contentLocation(of: id).url.string)\n".utf8)
        case .coverage(let id, let region):
            let coverage = try await coverage(
                of: id,
                chromosome: region.chromosome,
                from: Int64(region.start),
                to: Int64(region.end)
            )
            return Array(coverage.table.utf8)
        case .coverageMeta(let id, let chromosome):
            let metadata = try await coverageMetadata(of: id, chromosome: chromosome)
            return Array("MaxCoverage: \(metadata.maximum)\nCoverageGranularity: \(metadata.granularity)\n".utf8)
        case .variants(let id, let region):
            let variants = try await variants(
                of: id,
                chromosome: region.chromosome,
                from: Int64(region.start),
                to: Int64(region.end)
            )
            return Array(variants.utf8)
        case .variantHeader(let id): return Array(try await variantHeader(of: id).utf8)
        case .report: return []
        }
    }

    public func createAppResult(_ appResult: NewAppResult) async throws(BaseSpaceError) -> AppResult {
        try await createAppResult(
            named: appResult.name,
            in: appResult.project,
            description: appResult.description,
            appSession: appResult.session
        )
    }

    public func moveToTrash(_ entity: EntityKey) async throws(BaseSpaceError) {
        try await moveToTrash(entity.kind, entity.id)
    }
}

extension Sample {
    /// The lines of `SampleProperties`. Labs' scripts look for the words before the colons, which are BaseMount's; what the
    /// service does not say has an empty value.
    var propertiesText: String {
        let lines: [(String, String?)] = [
            ("Name", name), ("SampleId", sheetID), ("SampleNumber", sampleNumber.map { String($0) }),
            ("NumReadsRaw", readsRaw.map { String($0) }), ("NumReadsPF", readsPassedFilter.map { String($0) }),
            ("Read1", read1.map { String($0) }), ("Read2", read2.map { String($0) }),
            ("IsPairedEnd", isPairedEnd.map { $0 ? "true" : "false" }), ("ExperimentName", experimentName),
        ]
        return lines.map { "\($0): \($1 ?? "")\n" }.joined()
    }
}

extension ReadCoverage {
    /// A line for each bucket: its first position, its size and its mean coverage, with tabs between them.
    var table: String {
        let head = "position\tbucket_size\tmean_coverage\n"
        return head
            + mean.enumerated().map { index, mean in
                let value = Int64(exactly: mean).map { String($0) } ?? String(mean)
                return "\(start &+ Int64(index) &* bucketSize)\t\(bucketSize)\t\(value)\n"
            }.joined()
    }
}
