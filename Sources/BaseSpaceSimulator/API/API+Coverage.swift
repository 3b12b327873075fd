import HTTPTypes
import NIOPosix

extension API {
    static let coverageRoutes = [
        Route("GET", "coverage/{id}/{chrom}") { api, request in try await api.coverage(request) },
        Route("GET", "coverage/{id}/{chrom}/meta") { api, request in try await api.coverageMeta(request) },
    ]

    /// How many buckets an answer has if the client names no `ZoomLevel`.
    private static let bucketLimit: Int64 = 1024

    /// The mean depth in each bucket of a region, as whole numbers. Buckets have 2^ZoomLevel bases; what a zoom level
    /// means on the live service is not public.
    private func coverage(_ request: APIRequest) async throws -> Reply {
        let (file, index) = try indexedFile(request, suffix: ".bam")
        let chrom = request.captures[1]
        let length = try await length(of: chrom, in: file, index)
        let start = max(1, request.parameters["StartPos"].flatMap { Int64($0) } ?? 1)
        var end = min(length, request.parameters["EndPos"].flatMap { Int64($0) } ?? length)
        guard start <= end else { throw APIError(.badRequest, "\(start)-\(end) is no region of \(chrom)") }
        var zoom = request.parameters["ZoomLevel"].flatMap { Int($0) } ?? -1
        if zoom < 0 {
            zoom = 0
            while (end - start) >> Int64(zoom) >= Self.bucketLimit { zoom += 1 }
        }
        guard zoom < 32, (end - start) >> Int64(zoom) < 1 << 20 else {
            throw APIError(.badRequest, "ZoomLevel \(zoom) gives no sensible number of buckets for \(start)-\(end)")
        }
        let bucket = Int64(1) << Int64(zoom)
        let count = (end - start) / bucket + 1
        end = start + count * bucket - 1
        let region = "\(chrom):\(start)-\(end)"
        let sums = try await services.pool.runIfActive { () throws -> [Int64] in
            var sums = [Int64](repeating: 0, count: Int(count))
            try Self.depths(of: file, index, region: region) { position, depth in
                let number = Int((position - start) / bucket)
                if sums.indices.contains(number) { sums[number] += depth }
            }
            return sums
        }
        return Envelope.object(
            [
                "Chrom": .string(chrom), "StartPos": .integer(start), "EndPos": .integer(end),
                "BucketSize": .integer(bucket),
                "MeanCoverage": .array(sums.map { .integer(($0 + bucket / 2) / bucket) }),
            ],
            for: request,
            services: services
        )
    }

    private func coverageMeta(_ request: APIRequest) async throws -> Reply {
        let (file, index) = try indexedFile(request, suffix: ".bam")
        let chrom = request.captures[1]
        _ = try await length(of: chrom, in: file, index)
        let greatest = try await services.pool.runIfActive { () throws -> Int64 in
            var greatest: Int64 = 0
            try Self.depths(of: file, index, region: chrom) { _, depth in greatest = max(greatest, depth) }
            return greatest
        }
        return Envelope.object(
            ["MaxCoverage": .integer(greatest), "CoverageGranularity": 1],
            for: request,
            services: services
        )
    }

    /// The file that the path names and its index, for who may read them.
    func indexedFile(_ request: APIRequest, suffix: String) throws(APIError) -> (file: File, index: File) {
        let file = try knownFile(request, may: .read)
        guard file.name.lowercased().hasSuffix(suffix), let index = services.withModel({ $0.index(of: file) }) else {
            throw APIError(.notFound, "The file \(file.name) is no \(suffix) file with an index beside it")
        }
        return (file, index)
    }

    private static func depths(
        of file: File,
        _ index: File,
        region: String,
        _ body: (Int64, Int64) -> Void
    ) throws {
        let indexed = try IndexedFile(file, index: index)
        defer { indexed.remove() }
        try ExternalTool(name: "samtools").run(["depth", "-r", region, indexed.path]) { line in
            let columns = line.split(separator: "\t")
            guard columns.count >= 3, let position = Int64(columns[1]), let depth = Int64(columns[2]) else { return }
            body(position, depth)
        }
    }

    /// How long a chromosome is, from the header of a BAM file.
    private func length(of chrom: String, in file: File, _ index: File) async throws -> Int64 {
        let length = try await services.pool.runIfActive { () throws -> Int64? in
            let indexed = try IndexedFile(file, index: index)
            defer { indexed.remove() }
            var length: Int64?
            try ExternalTool(name: "samtools").run(["view", "-H", indexed.path]) { line in
                let columns = line.split(separator: "\t")
                guard columns.first == "@SQ", columns.contains("SN:\(chrom)") else { return }
                length = columns.first { $0.hasPrefix("LN:") }.flatMap { Int64($0.dropFirst(3)) }
            }
            return length
        }
        guard let length else { throw APIError(.notFound, "\(file.name) has no chromosome \(chrom)") }
        return length
    }
}
