import BaseSpaceSimulator
import TestSupport
import Testing

@testable import BaseSpaceSimulator

/// With the demo data, whose BAM and VCF files are real.
@Suite struct CoverageTests {
    private func file(_ suffix: String, _ fixture: Fixture) async throws -> JSON {
        let project = try await fixture.id(of: "Lambda phage: resequencing", in: "users/current/projects")
        let appResult = try await fixture.id(of: "Lambda-1 BWA", in: "projects/\(project)/appresults")
        let files = await fixture.api("appresults/\(appResult)/files?Extensions=\(suffix)").items
        let id = try #require(files?.first?["Id"]?.text)
        return try #require(await fixture.api("files/\(id)").object)
    }

    @Test func theCoverageOfABAMFile() async throws {
        try await Fixture.run({ $0.dataDirectory = Simulator.demoDataDirectory }) { fixture in
            let bam = try await file(".bam", fixture)
            let href = String(try #require(bam["HrefCoverage"]?.text).dropFirst(7))
            let chrom = try #require(await Self.chromosome(fixture, href))
            let reply = await fixture.api("\(href)/\(chrom)?StartPos=1001&EndPos=2000&ZoomLevel=6")
            #expect(reply.status == 200)
            #expect(reply.object?["BucketSize"] == 64)
            #expect(reply.object?["EndPos"] == 2024)
            let depths = reply.object?["MeanCoverage"]?.elements ?? []
            #expect(depths.count == 16)
            #expect(depths.contains { ($0.double ?? 0) > 0 })
            let meta = await fixture.api("\(href)/\(chrom)/meta").object
            #expect((meta?["MaxCoverage"]?.double ?? 0) > 0)
            #expect(await fixture.api("\(href)/nonsense").status == 404)
        }
    }

    @Test func theVariantsOfAVCFFile() async throws {
        try await Fixture.run({ $0.dataDirectory = Simulator.demoDataDirectory }) { fixture in
            let vcf = try await file(".vcf.gz", fixture)
            let href = String(try #require(vcf["HrefVariants"]?.text).dropFirst(7))
            let header = await fixture.api(href).object
            #expect(header?["Samples"]?.elements.count == 1)
            #expect(header?["Legends"]?.elements.isEmpty == false)
            let text = await fixture.api("\(href)?Format=vcf").text
            #expect(text.hasPrefix("##fileformat=VCF"))
            let chrom = try #require(text.split(separator: "##contig=<ID=").dropFirst().first?.prefix { $0 != "," })
            let all = await fixture.api("\(href)/variants/\(chrom)?Limit=1000")
            let first = try #require(all.items?.first)
            #expect(first["CHROM"]?.text == String(chrom))
            guard case .object(let info)? = first["INFO"] else { Issue.record("no INFO"); return }
            #expect(info.allSatisfy { if case .array = $0.value { true } else { false } })
            let position = try #require(first["POS"]?.text)
            let one = await fixture.api("\(href)/variants/\(chrom)?StartPos=\(position)&EndPos=\(position)")
            #expect(one.object?["TotalCount"] == 1)
            let lines = await fixture.api(
                "\(href)/variants/\(chrom)?StartPos=\(position)&EndPos=\(position)&Format=txt"
            )
            #expect(lines.text.split(separator: "\n").count == 1)
        }
    }

    @Test func genomesAreListed() async throws {
        try await Fixture.run { fixture in
            #expect(
                await fixture.api("genomes?SortBy=Build").items?.map { $0["Build"] } == ["EcoliDH10B", "hg19", "RTA"]
            )
            #expect(await fixture.api("genomes/4").object?["HrefFileSets"] != nil)
            #expect(await fixture.api("genomes/99").status == 404)
        }
    }

    /// The one chromosome of the demo data, from the message about another one.
    private static func chromosome(_ fixture: Fixture, _ href: String) async -> String? {
        for name in ["NC_001416.1", "lambda", "J02459.1", "gi|9626243|ref|NC_001416.1|"] {
            if await fixture.api("\(href)/\(name)/meta").status == 200 { return name }
        }
        return nil
    }
}
