import Digests
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct UploadTests {
    @Test func aSingleUploadIsCompleteAtOnce() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let bytes = SimulatedData.bytes(2_500_000)
            let reply = await fixture.api(
                "POST",
                "appresults/\(id)/files?name=out%2B.bam&directory=/a/b/",
                headers: ["Content-Type": "application/x-bam"],
                body: bytes
            )
            #expect(reply.status == 201)
            #expect(reply.object?["Path"] == "a/b/out+.bam")
            #expect(reply.object?["Size"] == .integer(2_500_000))
            #expect(reply.object?["UploadStatus"] == "complete")
            #expect(reply.object?["ETag"]?.text == MD5.digest(of: bytes).hexadecimal)
            let list = await fixture.api("appresults/\(id)/files?FileHrefContentResolution=true")
            let content = await RawHTTP.send("GET", try #require(list.items?.first?["HrefContent"]?.text))
            #expect(content.data == Data(bytes))
            #expect(content["Content-Type"] == "application/x-bam")
            #expect(await fixture.api("appresults/\(id)").object?["TotalSize"] == .integer(2_500_000))

            let uploaded = try #require(fixture.simulator.uploadedFiles(appResult: id).first)
            #expect(uploaded.path == "a/b/out+.bam")
            #expect(uploaded.md5 == MD5.digest(of: bytes).hexadecimal)
            let kept = try Data(contentsOf: URL(fileURLWithPath: uploaded.localPath.string))
            #expect(kept == Data(bytes))
        }
    }

    @Test func zeroBytesAreAFile() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let reply = await fixture.upload(to: id, name: "empty", bytes: [])
            #expect(reply.status == 201)
            #expect(reply.object?["Size"] == 0)
            #expect(reply.object?["ETag"] == "d41d8cd98f00b204e9800998ecf8427e")
        }
    }

    @Test func whatIsMissingOrWrongIsRefused() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            #expect(await fixture.api("POST", "appresults/\(id)/files?name=x", body: [1]).status == 400)
            for query in ["", "?name=", "?name=a%2Fb", "?name=..", "?name=x&directory=a/../b"] {
                let type = ["Content-Type": "text/plain"]
                #expect(
                    await fixture.api("POST", "appresults/\(id)/files\(query)", headers: type, body: [1]).status == 400
                )
            }
            let wrong = ["Content-Type": "text/plain", "Content-MD5": MD5.digest(of: [2]).base64]
            #expect(await fixture.api("POST", "appresults/\(id)/files?name=x", headers: wrong, body: [1]).status == 400)
            #expect(await fixture.upload(to: "1", name: "x", bytes: [1]).status == 404)
            #expect(fixture.simulator.uploadedFiles(appResult: id).isEmpty)
        }
    }

    @Test func anUploadedPathConflictsOrIsReplaced() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            #expect(await fixture.upload(to: id, name: "x", bytes: [1]).status == 201)
            #expect(await fixture.upload(to: id, name: "x", bytes: [2]).status == 409)
            #expect(await fixture.api("appresults/\(id)/files").items?.count == 1)
        }
        try await Fixture.run({ $0.samePath = .replace }) { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let first = await fixture.upload(to: id, name: "x", bytes: [1])
            let second = await fixture.upload(to: id, name: "x", bytes: [2, 2])
            #expect(second.status == 201)
            #expect(first.object?["Id"] != second.object?["Id"])
            let list = await fixture.api("appresults/\(id)/files")
            #expect(list.items?.map { $0["Size"] } == [2])
            #expect(await fixture.api("appresults/\(id)").object?["TotalSize"] == 2)
        }
        try await Fixture.run({ $0.samePath = .duplicate }) { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let first = await fixture.upload(to: id, name: "x", bytes: [1])
            let second = await fixture.upload(to: id, name: "x", bytes: [2, 2])
            #expect(first.object?["Path"] == second.object?["Path"])
            let list = await fixture.api("appresults/\(id)/files")
            #expect(list.items?.map { $0["Size"] } == [1, 2])
            #expect(await fixture.api("appresults/\(id)").object?["TotalSize"] == 3)
            // Each has its own bytes.
            for (file, bytes) in [(first, [1]), (second, [2, 2])] as [(_, [UInt8])] {
                let fileID = try #require(file.object?["Id"]?.text)
                let location = await fixture.api("files/\(fileID)/content?redirect=meta").object
                let url = try #require(location?["HrefContent"]?.text)
                #expect(await RawHTTP.send("GET", url).body == bytes)
            }
        }
    }

    @Test func aFileTellsHowFarItsUploadIs() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let file = try await fixture.beginMultipart(in: id, name: "x")
            let pending = await fixture.api("files/\(file)").object
            #expect(pending?["UploadStatus"] == "pending")
            #expect(pending?["Size"] == 0)
            #expect(pending?["ETag"] == nil)
            _ = await fixture.post("files/\(file)?uploadstatus=aborted")
            #expect(await fixture.api("files/\(file)").object?["UploadStatus"] == "aborted")
        }
    }

    @Test func aFinalSessionTakesNoFile() async throws {
        try await Fixture.run { fixture in
            let (id, session) = try await fixture.makeAppResult()
            let pending = try await fixture.beginMultipart(in: id, name: "late")
            _ = await fixture.post("appsessions/\(session)?status=aborted")
            #expect(await fixture.upload(to: id, name: "x", bytes: [1]).status == 403)
            #expect(await fixture.putPart(1, of: pending, [1]).status == 403)
            // Those of the data directory are complete.
            let sample = try await fixture.sampleID()
            let reply = await fixture.api(
                "POST",
                "samples/\(sample)/files?name=x",
                headers: ["Content-Type": "text/plain"],
                body: [1]
            )
            #expect(reply.status == 403)
        }
    }

    @Test(.timeLimit(.minutes(1))) func halfABodyIsNoFile() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            fixture.simulator.resetRequests()
            // Ten bytes are promised, none comes, and the client goes away.
            let reply = await RawHTTP.send(
                "POST",
                "\(fixture.simulator.apiURL)/v1pre3/appresults/\(id)/files?name=x",
                headers: [
                    "Content-Type": "text/plain", "Content-Length": "10", "x-access-token": fixture.simulator.token,
                ],
                timeout: .milliseconds(300)
            )
            #expect(reply.ending == .timedOut)
            try await fixture.waitUntil { fixture.simulator.requests.first?.finished != nil }
            #expect(await fixture.api("appresults/\(id)/files").items == [])
            #expect(await fixture.upload(to: id, name: "x", bytes: [1]).status == 201)
        }
    }

    @Test func aClientThatExpects100ContinueGetsIt() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let reply = await fixture.api(
                "POST",
                "appresults/\(id)/files?name=x",
                headers: ["Content-Type": "text/plain", "Expect": "100-continue"],
                body: [1, 2]
            )
            #expect(reply.status == 201)
        }
    }
}

@Suite struct MultipartTests {
    static let part1 = SimulatedData.bytes(5 << 20, seed: 1)
    static let part2 = SimulatedData.bytes(5 << 20, seed: 2)
    static let part3 = SimulatedData.bytes(10, seed: 3)

    @Test func partsInAnyOrderBecomeOneFile() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let file = try await fixture.beginMultipart(in: id, name: "big.bam", directory: "d")
            #expect(await fixture.api("files/\(file)").object?["UploadStatus"] == "pending")
            #expect(await fixture.api("files/\(file)").object?["Size"] == 0)
            #expect(await fixture.api("files/\(file)").object?["HrefParts"]?.text == "v1pre3/files/\(file)/parts")
            #expect(await fixture.api("appresults/\(id)/files").items == [])
            #expect(await fixture.api("files/\(file)/content").status == 409)

            for (number, bytes) in [(3, [9, 9]), (1, Self.part1), (3, Self.part3), (2, Self.part2)] {
                let reply = await fixture.putPart(number, of: file, bytes)
                #expect(reply.status == 200)
                #expect(reply.object?["ETag"]?.text == MD5.digest(of: bytes).hexadecimal)
            }
            let parts = await fixture.api("files/\(file)/parts").items
            #expect(parts?.compactMap { $0["Number"]?.text } == ["1", "2", "3"])
            #expect(parts?.last?["Size"] == 10)
            #expect(parts?.last?["ETag"]?.text == MD5.digest(of: Self.part3).hexadecimal)

            let done = await fixture.post("files/\(file)?uploadstatus=complete")
            #expect(done.status == 200)
            #expect(done.object?["UploadStatus"] == "complete")
            let whole = Self.part1 + Self.part2 + Self.part3
            #expect(done.object?["Size"] == .integer(Int64(whole.count)))
            let digests = [Self.part1, Self.part2, Self.part3].flatMap { MD5.digest(of: $0).bytes }
            #expect(done.object?["ETag"]?.text == "\(MD5.digest(of: digests).hexadecimal)-3")

            let list = await fixture.api("appresults/\(id)/files?FileHrefContentResolution=true")
            #expect(
                await RawHTTP.send("GET", try #require(list.items?.first?["HrefContent"]?.text)).data == Data(whole)
            )
            let uploaded = try #require(fixture.simulator.uploadedFiles(appResult: id).first)
            #expect(uploaded.md5 == MD5.digest(of: whole).hexadecimal)
            #expect(uploaded.path == "d/big.bam")
        }
    }

    @Test func theParametersMayComeAsAFormOrTwice() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let form = await fixture.post(
                "appresults/\(id)/files",
                "name=a&directory=d&multipart=true",
                type: "application/x-www-form-urlencoded"
            )
            #expect(form.object?["UploadStatus"] == "pending")
            #expect(form.object?["Path"] == "d/a")
            let twice = await fixture.post(
                "appresults/\(id)/files?name=b&multipart=true",
                #"{"name":"b","multipart":"true"}"#,
                type: "text/plain"
            )
            #expect(twice.object?["UploadStatus"] == "pending")
            #expect(twice.object?["ContentType"] == "text/plain")
            #expect(twice.object?["Size"] == 0)
            let file = try #require(twice.object?["Id"]?.text)
            _ = await fixture.putPart(1, of: file, [1])
            let done = await fixture.post(
                "files/\(file)",
                "uploadstatus=complete",
                type: "application/x-www-form-urlencoded"
            )
            #expect(done.object?["UploadStatus"] == "complete")
        }
    }

    @Test func holesAndSmallPartsAreRefused() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let file = try await fixture.beginMultipart(in: id, name: "x")
            let complete = "files/\(file)?uploadstatus=complete"
            #expect(await fixture.post(complete).status == 400)
            _ = await fixture.putPart(1, of: file, [1])
            _ = await fixture.putPart(3, of: file, [3])
            #expect(await fixture.post(complete).status == 400)
            _ = await fixture.putPart(2, of: file, [2])
            #expect(await fixture.post(complete).status == 400)
            for number in [0, 10_001] {
                #expect(await fixture.putPart(number, of: file, [1]).status == 400)
            }
            #expect(await fixture.post("files/\(file)?uploadstatus=nonsense").status == 400)
            // Still open: what is missing can be mended.
            _ = await fixture.putPart(1, of: file, Self.part1)
            _ = await fixture.putPart(2, of: file, Self.part2)
            #expect(await fixture.post(complete).status == 200)
        }
    }

    @Test func aPartWithAnotherMD5IsRefusedAndTheOldOneStays() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let file = try await fixture.beginMultipart(in: id, name: "x")
            #expect(await fixture.putPart(1, of: file, [1], md5: MD5.digest(of: [1]).base64).status == 200)
            #expect(await fixture.putPart(1, of: file, [2], md5: MD5.digest(of: [1]).base64).status == 400)
            let parts = await fixture.api("files/\(file)/parts").items
            #expect(parts?.first?["ETag"]?.text == MD5.digest(of: [1]).hexadecimal)
        }
    }

    @Test func anUploadEndsOnce() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            let done = try await fixture.beginMultipart(in: id, name: "done")
            _ = await fixture.putPart(1, of: done, [1])
            #expect(await fixture.post("files/\(done)?uploadstatus=complete").status == 200)
            let aborted = try await fixture.beginMultipart(in: id, name: "aborted")
            _ = await fixture.putPart(1, of: aborted, [1])
            let reply = await fixture.post("files/\(aborted)?uploadstatus=aborted")
            #expect(reply.object?["UploadStatus"] == "aborted")
            for file in [done, aborted] {
                #expect(await fixture.putPart(2, of: file, [1]).status == 409)
                #expect(await fixture.post("files/\(file)?uploadstatus=complete").status == 409)
                #expect(await fixture.post("files/\(file)?uploadstatus=aborted").status == 409)
                #expect(await fixture.api("files/\(file)/parts").status == 409)
            }
            #expect(await fixture.putPart(1, of: "12345678901", [1]).status == 403)
            #expect(await fixture.api("appresults/\(id)/files").items?.count == 1)
        }
    }
}

extension Fixture {
    func upload(to appResult: String, name: String, bytes: [UInt8]) async -> RawHTTP.Response {
        let headers = ["Content-Type": "application/octet-stream"]
        return await api("POST", "appresults/\(appResult)/files?name=\(name)", headers: headers, body: bytes)
    }

    func beginMultipart(in appResult: String, name: String, directory: String = "") async throws -> String {
        let path = "appresults/\(appResult)/files?name=\(name)&directory=\(directory)&multipart=true"
        let reply = await api("POST", path, headers: ["Content-Type": "application/octet-stream"], body: [])
        #expect(reply.status == 200)
        return try #require(reply.object?["Id"]?.text)
    }

    func putPart(_ number: Int, of file: String, _ bytes: [UInt8], md5: String? = nil) async -> RawHTTP.Response {
        let headers = md5.map { ["Content-MD5": $0] } ?? [:]
        return await api("PUT", "files/\(file)/parts/\(number)", headers: headers, body: bytes)
    }
}
