import Digests
import Foundation
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct ObjectStoreTests {
    @Test func aSignedURLBringsTheContentAndS3sHeaders() async throws {
        try await Fixture.run { fixture in
            let reply = await RawHTTP.send("GET", try await fixture.signedURL())
            #expect(reply.status == 200)
            #expect(reply.data == Data(Fixture.fastq))
            #expect(reply["ETag"] == "\"\(MD5.digest(of: Fixture.fastq).hexadecimal)\"")
            #expect(reply["Accept-Ranges"] == "bytes")
            #expect(reply["Content-Length"] == String(Fixture.fastq.count))
            #expect(reply["Content-Type"] == "application/x-gzip")
            #expect(reply["Content-Disposition"] == "filename=S1_R1.fastq.gz")
            #expect(reply["Last-Modified"]?.hasSuffix(" GMT") == true)
            #expect(reply["Server"] == "AmazonS3")
            for name in ["x-amz-id-2", "x-amz-request-id", "x-amz-server-side-encryption", "Date"] {
                #expect(reply[name] != nil)
            }
        }
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=299990-", 299_990..<300_000),
        ("bytes=-10", 299_990..<300_000), ("bytes=299999-400000", 299_999..<300_000), ("bytes=-400000", 0..<300_000),
    ])
    func aSingleRangeIs206(header: String, expected: Range<Int>) async throws {
        try await Fixture.run { fixture in
            let reply = await RawHTTP.send("GET", try await fixture.signedURL(), headers: ["Range": header])
            #expect(reply.status == 206)
            #expect(reply.data == Data(Fixture.fastq[expected]))
            #expect(reply["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/300000")
        }
    }

    @Test func otherRangesAre416OrTheWholeBody() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            for header in ["bytes=300000-", "bytes=300000-300001", "bytes=-0"] {
                let reply = await RawHTTP.send("GET", url, headers: ["Range": header])
                #expect(reply.status == 416)
                #expect(reply.text.contains("<Code>InvalidRange</Code>"))
                #expect(reply["Content-Range"] == "bytes */300000")
            }
            for header in ["bytes=0-1,5-6", "lines=0-1", "bytes=9-3", "bytes=x-", "bytes=-"] {
                let reply = await RawHTTP.send("GET", url, headers: ["Range": header])
                #expect(reply.status == 200)
                #expect(reply.data == Data(Fixture.fastq))
            }
        }
    }

    @Test func anEmptyObjectHasNoRanges() async throws {
        try await Fixture.run { fixture in
            let sample = try await fixture.id(of: "S2", in: "projects/\(try await fixture.projectID())/samples")
            let list = await fixture.api("samples/\(sample)/files?FileHrefContentResolution=true")
            let url = try #require(list.items?.first?["HrefContent"]?.text)
            let whole = await RawHTTP.send("GET", url)
            #expect(whole.status == 200)
            #expect(whole["Content-Length"] == "0")
            #expect(whole.ending == .complete)
            #expect(await RawHTTP.send("GET", url, headers: ["Range": "bytes=0-0"]).status == 416)
        }
    }

    @Test func ifMatchIsChecked() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            let etag = MD5.digest(of: Fixture.fastq).hexadecimal
            for header in ["\"\(etag)\"", etag, "*", "\"x\", \"\(etag)\""] {
                #expect(await RawHTTP.send("GET", url, headers: ["If-Match": header]).status == 200)
            }
            let reply = await RawHTTP.send("GET", url, headers: ["If-Match": "\"0\"", "Range": "bytes=0-1"])
            #expect(reply.status == 412)
            #expect(reply.text.contains("<Code>PreconditionFailed</Code>"))
        }
    }

    @Test func anExpiredURLIsRefused() async throws {
        try await Fixture.run({ $0.urlLifetime = .seconds(60) }) { fixture in
            let url = try await fixture.signedURL()
            #expect(await RawHTTP.send("GET", url).status == 200)
            fixture.simulator.advanceClock(by: .seconds(61))
            let reply = await RawHTTP.send("GET", url)
            #expect(reply.status == 403)
            #expect(reply["Content-Type"] == "application/xml")
            #expect(reply.text.contains("<Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2"))
            #expect(reply.text.contains("<ServerTime>"))
            #expect(await RawHTTP.send("GET", try await fixture.signedURL()).status == 200)
        }
    }

    @Test func atATamperedURLTheSignatureDoesNotMatch() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            let tampered = [
                url.replacing("S1_R1", with: "S1_R2"), url.replacing("x-gzip", with: "x-zip"),
                url.replacing("Expires=1", with: "Expires=2"), url.replacing("Signature=", with: "Signature=A"),
            ]
            for tampered in tampered {
                let reply = await RawHTTP.send("GET", tampered)
                #expect(reply.status == 403)
                #expect(reply.text.contains("<Code>SignatureDoesNotMatch</Code>"))
            }
            let unsigned = await RawHTTP.send("GET", String(url.prefix { $0 != "?" }))
            #expect(unsigned.status == 403)
            #expect(unsigned.text.contains("<Code>AccessDenied</Code>"))
        }
    }

    @Test func aContentTypeOfTheRequestEntersTheSignature() async throws {
        try await Fixture.run { fixture in
            let headers = ["Content-Type": "application/json"]
            let reply = await RawHTTP.send("GET", try await fixture.signedURL(), headers: headers)
            #expect(reply.status == 403)
            #expect(reply.text.contains("SignatureDoesNotMatch"))
        }
    }

    @Test func aTokenIsRefusedAndSeen() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            let token = fixture.simulator.token
            fixture.simulator.resetRequests()
            for headers in [["x-access-token": token], ["Authorization": "Bearer \(token)"]] {
                let reply = await RawHTTP.send("GET", url, headers: headers)
                #expect(reply.status == 403)
                #expect(reply.text.contains("<Code>AccessDenied</Code>"))
            }
            #expect(await RawHTTP.send("GET", "\(url)&access_token=\(token)").status == 403)
            let requests = fixture.simulator.requests.filter { $0.listener == .objectStore }
            #expect(requests.count == 3)
            #expect(requests.first?.header("X-Access-Token") == token)
        }
    }

    @Test func onlyGetIsServed() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            let head = await RawHTTP.send("HEAD", url)
            #expect(head.status == 403)
            #expect(head.body == [])
            for method in ["PUT", "POST", "DELETE"] {
                #expect(await RawHTTP.send(method, url, body: []).status == 405)
            }
        }
    }

    @Test func manyConnectionsReadOneFileAtOnce() async throws {
        let big = SimulatedData.bytes(3_000_000)
        try await Fixture.run(files: ["projects/P/samples/S1/big.bam": big]) { fixture in
            let sample = try await fixture.id(
                of: "S1",
                in: "projects/\(try await fixture.id(of: "P", in: "users/current/projects"))/samples"
            )
            let list = await fixture.api("samples/\(sample)/files?FileHrefContentResolution=true")
            let url = try #require(list.items?.first?["HrefContent"]?.text)
            await withTaskGroup(of: Bool.self) { group in
                for index in 0..<32 {
                    group.addTask {
                        let range = index * 50_000..<index * 50_000 + 1_400_000
                        let header = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
                        return await RawHTTP.send("GET", url, headers: ["Range": header]).data == Data(big[range])
                    }
                }
                for await isRight in group {
                    #expect(isRight)
                }
            }
        }
    }
}
