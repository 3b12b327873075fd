import HTTPTypes
import NIOPosix

extension API {
    /// What the service gives at most of a list of variants.
    private static let variantLimit = 1000

    static let variantRoutes = [
        Route("GET", "variantset/{id}") { api, request in try await api.variantHeader(request) },
        Route("GET", "variantset/{id}/variants/{chrom}") { api, request in try await api.variants(request) },
    ]

    private func variantHeader(_ request: APIRequest) async throws -> Reply {
        let (file, index) = try indexedFile(request, suffix: ".vcf.gz")
        let lines = try await Self.lines(file, index, ["view", "-h"], in: services.pool)
        if Self.isText(request) { return text(lines) }
        var metadata: [JSON] = []
        var legends: [JSON] = []
        var samples: [String] = []
        for line in lines {
            if line.hasPrefix("#CHROM") {
                samples = line.split(separator: "\t").dropFirst(9).map(String.init)
            } else if let equals = line.firstIndex(of: "=") {
                let entry: JSON = [
                    "Key": .string(String(line[..<equals].drop { $0 == "#" })),
                    "Value": .string(String(line[line.index(after: equals)...])),
                ]
                let isLegend = ["##INFO", "##FORMAT", "##FILTER", "##ALT"].contains { line.hasPrefix($0 + "=") }
                if isLegend { legends.append(entry) } else { metadata.append(entry) }
            }
        }
        return Envelope.object(
            [
                "Metadata": .array(metadata), "Legends": .array(legends),
                "Samples": .array(samples.map { .string($0) }),
            ],
            for: request,
            services: services
        )
    }

    private func variants(_ request: APIRequest) async throws -> Reply {
        let (file, index) = try indexedFile(request, suffix: ".vcf.gz")
        let page = Page(request.parameters, maximum: Self.variantLimit, sortKeys: ["Position"])
        var region = request.captures[1]
        let start = request.parameters["StartPos"].flatMap { Int64($0) }
        let end = request.parameters["EndPos"].flatMap { Int64($0) }
        if start != nil || end != nil {
            region += ":\(max(1, start ?? 1))-\(end.map { String($0) } ?? "")"
        }
        let header = try await Self.lines(file, index, ["view", "-h"], in: services.pool)
        let all = try await Self.lines(file, index, ["view", "-H", "-r", region], in: services.pool)
        let shown = page.slice(of: all)
        if Self.isText(request) {
            return text(request.parameters["Format"]?.lowercased() == "vcf" ? header + shown : shown)
        }
        let samples = header.last?.split(separator: "\t").dropFirst(9).map(String.init) ?? []
        return Envelope.list(
            shown.map { Self.variant($0, samples: samples) },
            total: all.count,
            page: page,
            for: request,
            services: services
        )
    }

    private static func isText(_ request: APIRequest) -> Bool {
        ["vcf", "txt"].contains(request.parameters["Format"]?.lowercased() ?? "")
    }

    private func text(_ lines: [String]) -> Reply {
        var reply = Envelope.reply(.ok, services: services)
        reply.set("Content-Type", "text/plain")
        reply.body = .bytes(Array(lines.map { "\($0)\n" }.joined().utf8))
        return reply
    }

    private static func lines(
        _ file: File,
        _ index: File,
        _ arguments: [String],
        in pool: NIOThreadPool
    ) async throws -> [String] {
        try await pool.runIfActive { () throws -> [String] in
            let indexed = try IndexedFile(file, index: index)
            defer { indexed.remove() }
            var lines: [String] = []
            // `--no-version`: the file's own header, without a line of bcftools about itself.
            try ExternalTool(name: "bcftools").run(arguments + ["--no-version", indexed.path]) {
                lines.append(String($0))
            }
            return lines
        }
    }

    /// A line of a VCF file; what INFO says of a key is a list of strings.
    private static func variant(_ line: String, samples: [String]) -> JSON {
        let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        func column(_ index: Int) -> String { index < columns.count ? columns[index] : "." }
        let info = column(7).split(separator: ";").map { entry -> JSON.Member in
            let parts = entry.split(separator: "=", maxSplits: 1)
            let values = parts.count > 1 ? parts[1].split(separator: ",").map { JSON.string(String($0)) } : []
            return JSON.Member(String(parts.first ?? entry), .array(values))
        }
        let keys = column(8).split(separator: ":").map(String.init)
        let formats = samples.enumerated().map { number, sample -> JSON.Member in
            let values = column(9 + number).split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            return JSON.Member(sample, .object(zip(keys, values).map { JSON.Member($0, .string($1)) }))
        }
        let ids = column(2) == "." ? [] : column(2).split(separator: ";").map { JSON.string(String($0)) }
        return [
            "CHROM": .string(column(0)), "POS": Int64(column(1)).map { .integer($0) } ?? .null, "ID": .array(ids),
            "REF": .string(column(3)), "ALT": .string(column(4)), "QUAL": .string(column(5)),
            "FILTER": .string(column(6)), "INFO": .object(info), "SampleFormat": .object(formats),
        ]
    }
}
