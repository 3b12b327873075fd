import BaseSpaceAPI
import TestSupport
import Testing

struct GenomicsTests {
    @Test func coverage() async throws {
        let reply = #"{"Chrom":"chr1","StartPos":1,"EndPos":512,"BucketSize":256,"MeanCoverage":[3,4.5]}"#
        try await withService(script: { request in
            v1(request.path.hasSuffix("/meta") ? #"{"MaxCoverage":90,"CoverageGranularity":64}"# : reply)
        }) { client, server in
            let coverage = try await client.coverage(of: "7", chromosome: "chr1/x", from: 1, to: 500)
            #expect(coverage.chromosome == "chr1" && coverage.start == 1 && coverage.end == 512)
            #expect(coverage.bucketSize == 256 && coverage.mean == [3, 4.5])
            let metadata = try await client.coverageMetadata(of: "7", chromosome: "chr1")
            #expect(metadata.maximum == 90 && metadata.granularity == 64)
            #expect(
                server.requests.map(\.target) == [
                    "/v1pre3/coverage/7/chr1%2Fx?StartPos=1&EndPos=500", "/v1pre3/coverage/7/chr1/meta",
                ]
            )
        }
    }

    @Test(arguments: [(0, 5), (-1, 5), (6, 5)])
    func stretchesThatAreNone(_ start: Int64, _ end: Int64) async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            for call in 0...1 {
                let error = try await failure { () async throws(BaseSpaceError) in
                    if call == 0 {
                        _ = try await client.coverage(of: "7", chromosome: "c", from: start, to: end)
                    } else {
                        _ = try await client.variants(of: "7", chromosome: "c", from: start, to: end)
                    }
                }
                #expect(error.kind == .invalidRequest)
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func theHeadOfVariants() async throws {
        try await withService(script: { _ in [.reply(200, "##fileformat=VCFv4.1\n#CHROM\n")] }) { client, server in
            let header = try await client.variantHeader(of: "7")
            #expect(header == "##fileformat=VCFv4.1\n#CHROM\n")
            #expect(server.requests[0].target == "/v1pre3/variantset/7?Format=vcf")
            #expect(server.requests[0].headers["accept"] == "text/plain, */*")
        }
        for other in ["{}", "<html>"] {
            try await withService(script: { _ in [.reply(200, other)] }) { client, _ in
                let error = try await failure { () async throws(BaseSpaceError) in
                    try await client.variantHeader(of: "7")
                }
                #expect(error.kind == .undecodable)
            }
        }
    }

    private static func lines(_ range: Range<Int>) -> String {
        range.map { "c\t\($0)\t.\tA\tG\n" }.joined()
    }

    /// The service may make pages shorter than asked for, and repeat the head on each.
    @Test(arguments: [0, 1, 40, 100, 101, 250, 300], [100, 1000])
    func allPagesOfVariants(_ total: Int, _ largest: Int) async throws {
        try await withService(script: { request in
            let offset = min(request.number("Offset"), total)
            let end = min(offset + min(request.number("Limit"), largest), total)
            return [.reply(200, "#CHROM\n" + Self.lines(offset..<end))]
        }) { client, server in
            let text = try await client.variants(of: "7", chromosome: "c", from: 1, to: 900)
            #expect(text == "#CHROM\n" + Self.lines(0..<total))
            let request = server.requests[0]
            #expect(request.path == "/v1pre3/variantset/7/variants/c" && request.number("Limit") == 1000)
            #expect(request.number("StartPos") == 1 && request.number("EndPos") == 900)
            #expect(request.parameter("Format") == "vcf" && request.parameter("SortBy") == "Position")
        }
    }

    @Test func aServerThatKnowsNoPages() async throws {
        try await withService(script: { _ in [.reply(200, "c\t1\r\nc\t2\r\n")] }) { client, server in
            let text = try await client.variants(of: "7", chromosome: "c", from: 1, to: 900)
            #expect(text == "c\t1\nc\t2\n" && server.requests.count == 2)
        }
    }
}
