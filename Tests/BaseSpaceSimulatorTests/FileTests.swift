import Digests
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct FileTests {
    @Test func aListOfFilesIsFlatAndShowsPaths() async throws {
        try await Fixture.run { fixture in
            let container = try await fixture.appResultID()
            let reply = await fixture.api("appresults/\(container)/files?SortBy=Path")
            let paths = reply.items?.compactMap { $0["Path"]?.text }
            #expect(paths == ["calls/a b+c.vcf.gz", "calls/deep/x.txt", "summary.csv"])
            let vcf = try #require(reply.items?.first)
            #expect(vcf["Name"] == "a b+c.vcf.gz")
            #expect(vcf["Size"] == 1000)
            #expect(vcf["ContentType"] == "application/x-gzip")
            #expect(vcf["ETag"]?.text == MD5.digest(of: Fixture.vcf).hexadecimal)
            let id = try #require(vcf["Id"]?.text)
            #expect(vcf["IdAsLong"]?.text == id)
            #expect(try #require(Int64(id)) > Int64(UInt32.max))
            #expect(vcf["HrefContent"]?.text == "v1pre3/files/\(id)/content")
            #expect(vcf["DateCreated"]?.text?.hasSuffix(".0000000Z") == true)
            let full = await fixture.api("files/\(id)").object
            #expect(full?["IdAsLong"] == nil)
            #expect(full?["UploadStatus"] == "complete")
            #expect(full?["ParentAppResult"]?["Id"]?.text == container)
        }
    }

    @Test func filesAreFilteredByDirectoryAndExtension() async throws {
        try await Fixture.run { fixture in
            let list = "appresults/\(try await fixture.appResultID())/files?SortBy=Path&"
            func paths(_ query: String) async -> [String]? {
                await fixture.api(list + query).items?.compactMap { $0["Path"]?.text }
            }
            #expect(await paths("Directory=calls") == ["calls/a b+c.vcf.gz"])
            #expect(await paths("Directory=/calls/deep/") == ["calls/deep/x.txt"])
            #expect(await paths("directory=%2F") == ["summary.csv"])
            #expect(await paths("Extensions=.csv,txt") == ["calls/deep/x.txt", "summary.csv"])
            #expect(await paths("Extensions=vcf.gz") == ["calls/a b+c.vcf.gz"])
            #expect(await paths("Directory=nowhere") == [])
            #expect(await paths("Limit=1&Offset=1") == ["calls/deep/x.txt"])
            #expect(await fixture.api(list + "Limit=1024").object?["Limit"] == 1000)
        }
    }

    @Test func signedURLsComeInlineOnRequest() async throws {
        try await Fixture.run { fixture in
            let list = "appresults/\(try await fixture.appResultID())/files?FileHrefContentResolution=true&SortBy=Path"
            let items = try #require(await fixture.api(list).items)
            let url = try #require(items.first?["HrefContent"]?.text)
            #expect(url.hasPrefix(fixture.simulator.objectStoreURL + "/"))
            #expect(await RawHTTP.send("GET", url).data == Data(Fixture.vcf))
            // One prefix serves a whole container.
            let prefixes = items.compactMap { $0["HrefContent"]?.text?.split(separator: "/")[2] }
            #expect(Set(prefixes).count == 1)
            #expect(prefixes.first?.count == 32)
        }
    }

    @Test func contentRedirectsUnlessMetaIsAskedFor() async throws {
        try await Fixture.run { fixture in
            let content = "files/\(try await fixture.fileID())/content"
            for query in ["", "?redirect=true"] {
                let reply = await fixture.api(content + query)
                #expect(reply.status == 302)
                #expect(reply["Location"]?.hasPrefix(fixture.simulator.objectStoreURL) == true)
                #expect(reply.body == [])
            }
            let meta = await fixture.api(content + "?redirect=meta")
            #expect(meta.status == 200)
            #expect(meta["Accept-Ranges"] == "bytes")
            #expect(meta["Expires"]?.hasSuffix(" GMT") == true)
            #expect(meta.object?["SupportsRange"] == true)
            let expires = try #require(meta.object?["Expires"]?.text)
            #expect(expires.count == "2025-05-28T08:00:57.3893800Z".count)
            let direct = await fixture.api(content + "?redirect=false", headers: ["Range": "bytes=10-19"])
            #expect(direct.status == 206)
            #expect(direct.data == Data(Fixture.fastq[10..<20]))
            #expect(await fixture.api("files/12345678901/content").status == 403)
        }
    }

    @Test func theAdvertisedExpiryLeadsTheRealOneByTwoMinutes() async throws {
        try await Fixture.run { fixture in
            let meta = await fixture.api("files/\(try await fixture.fileID())/content?redirect=meta")
            let url = try #require(meta.object?["HrefContent"]?.text)
            let query = Parameters(form: url.drop { $0 != "?" }.dropFirst())
            let real = ServiceDate(seconds: try #require(query["Expires"].flatMap { Int64($0) }))
            let now = ServiceDate(seconds: fixture.now.seconds)
            #expect(abs((real - now).inSeconds - 7 * 86_400) < 30)
            let lead = ServiceDate(ticks: real.ticks - 120 * ServiceDate.ticksPerSecond)
            #expect(meta.object?["Expires"]?.text?.prefix(18) == lead.iso8601.prefix(18))
        }
    }

    @Test func largeFilesHaveMultipartETagsThatComeFromTheirPathAndTime() async throws {
        try await Fixture.run { fixture in
            let size = ETags.hashedSizeLimit + 1
            let location = fixture.data.directory.appending("projects/Trio: exomes/samples/S1/S1_R1.fastq.gz")
            var file = File(
                id: 1,
                container: .sample(1),
                path: "x",
                contentType: "x",
                size: size,
                created: .none,
                modified: .none,
                uploadStatus: .complete
            )
            file.location = location
            let etag = try ETags().etag(of: file)
            #expect(etag.hasSuffix("-9"))
            #expect(etag.count == 34)
            #expect(try ETags().etag(of: file) == etag)
            file.modified = ServiceDate(seconds: 5)
            #expect(try ETags().etag(of: file) != etag)
        }
    }
}

extension Fixture {
    var now: ServiceDate { SimulatedClock().now }
}
