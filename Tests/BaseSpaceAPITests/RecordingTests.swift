import BaseSpaceAPI
import HTTPTransport
import TestSupport
import Testing

/// The live service's replies, served again.
@Suite(.enabled(if: !RecordedReplies.names.isEmpty, "there are no recordings here"))
struct RecordingTests {
    private func replaying(
        _ name: String,
        _ body: @escaping (BaseSpaceClient) async throws -> Void
    ) async throws {
        guard let reply = try RecordedReplies.reply(name) else { return }
        // Recorded pages tell the counts of the whole but were cut to a few items.
        try await withService { request in
            request.number("Offset") > 0 ? v1(#"{"Items":[],"TotalCount":0}"#) : [.reply(reply.status, reply.body)]
        } _: { client, _ in
            try await body(client)
        }
    }

    @Test func projects() async throws {
        try await replaying("v1-projects-page") { client in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ["48078043", "86591915", "238837599"])
            #expect(projects[0].totalSize == 3_613_767_739_481 && projects[0].ownerID == "9319322")
            #expect(projects[0].name == "HiSeqX: Nextera DNA Flex (replicates of Coriell Trio Samples)")
            #expect(projects[0].created?.description == "2017-09-21T19:19:28Z")
            #expect(projects[2].description == nil)
            #expect(projects[0].isOwned(by: User(id: "9319322", name: "x")))
        }
    }

    @Test func samplesAndAppResults() async throws {
        try await replaying("v1-samples") { client in
            let samples = try await client.samples(of: "86591915")
            #expect(!samples.isEmpty && samples.allSatisfy { $0.status == .complete && $0.created != nil })
            #expect(samples[0].id == "155127035" && samples[0].totalSize == 154_589_626)
            #expect(samples[0].readsRaw == 1_390_368 && samples[0].read2 == 151 && samples[0].isPairedEnd == true)
        }
        try await replaying("v1-appresults") { client in
            let results = try await client.appResults(of: "86591915")
            #expect(results.first?.id == "137677550" && results.first?.appSessionID == "111537916")
            #expect(results.first?.statusSummary == "Application completed successfully")
        }
        try await replaying("v1-appresult") { client in
            let result = try await client.appResult("137682553")
            #expect(result.description == "Myeloid-RNA-SeraSeq-Rep7" && result.status == .complete)
        }
    }

    @Test func files() async throws {
        try await replaying("v1-appresult-files") { client in
            let files = try await client.files(of: .appResult("137682553"))
            #expect(files.map(\.size) == [41_809, 14_518, 14_666] && files.allSatisfy { $0.contentURL == nil })
            #expect(files[0].etag == "d05e20e0cd57fa1b4a784849496bfff9" && files[0].contentType == "text/plain")
        }
        try await replaying("v1-file") { client in
            let file = try await client.file("11710715826")
            #expect(file.uploadStatus == .complete && file.etag == "3a1f3ea201911c15cf166a58ecc783d0-6")
        }
        try await replaying("v1-file-with-parent-sample") { client in
            let file = try await client.file("11712364715")
            #expect(file.size == 76_874_315)
        }
        try await replaying("v1-file-content-meta") { client in
            let location = try await client.contentLocation(of: "11710715826")
            #expect(location.url.host == "basespace-data-east.s3.us-east-1.amazonaws.com")
            #expect(location.expires.description == "2025-05-28T08:00:57.3893800Z")
        }
        try await replaying("v1-error-forbidden-file") { client in
            let error = try await failure { () async throws(BaseSpaceError) in try await client.file("1111111") }
            #expect(error.status == 403 && error.code == "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS")
            #expect(error.message == "Sorry but this requires READ access to this Run resource.")
        }
    }

    /// Entities of v2 have the same fields where this client reads them.
    @Test func entitiesOfV2() throws {
        struct List<Item: Decodable>: Decodable { let Items: [Item] }
        if let reply = try RecordedReplies.reply("v2-appsessions") {
            let sessions: List<AppSession> = try decode(reply.body)
            #expect(sessions.Items.first?.status == .complete && sessions.Items.first?.modified != nil)
            #expect(sessions.Items.allSatisfy { $0.application != nil && $0.href != nil && $0.totalSize != nil })
        }
        if let reply = try RecordedReplies.reply("v2-dataset-files") {
            let files: List<RemoteFile> = try decode(reply.body)
            #expect(files.Items.allSatisfy { $0.contentURL == nil && $0.etag != nil && $0.size > 0 })
        }
        if let reply = try RecordedReplies.reply("v2-biosamples") {
            let bioSamples: List<BioSample> = try decode(reply.body)
            #expect(bioSamples.Items.first?.name == "Myeloid-RNA-Brain-Rep1")
            #expect(bioSamples.Items.allSatisfy { $0.defaultProjectID == "86591915" && $0.labStatus == "Sequencing" })
        }
        if let reply = try RecordedReplies.reply("v2-datasets") {
            let datasets: List<Dataset> = try decode(reply.body)
            #expect(datasets.Items.first?.name == "Myeloid-RNA-Brain-Rep1_L001" && datasets.Items[0].modified != nil)
            #expect(datasets.Items[0].conformsTo.contains("common.fastq") && datasets.Items[0].projectID == "86591915")
        }
    }

    @Test func propertiesOfBothVersions() throws {
        struct Container: Decodable { let Items: [Property] }
        struct Owner: Decodable { let Properties: Container }
        struct Envelope: Decodable { let Response: Owner }
        struct List: Decodable { let Items: [Owner] }
        if let reply = try RecordedReplies.reply("v1-appresult") {
            let properties = try decode(reply.body, as: Envelope.self).Response.Properties.Items
            let sample = EntityReference(.sample, "155135036", name: "Myeloid-RNA-SeraSeq-Rep7")
            #expect(properties.first?.value == .references(.sample, [sample]) && properties.first?.isCut == false)
        }
        if let reply = try RecordedReplies.reply("v2-datasets") {
            let properties = try #require(try decode(reply.body, as: List.self).Items.first?.Properties.Items)
            #expect(properties.map(\.value.type) == ["map", "library[]", "run[]"])
            let run = EntityReference(.run, "105215111", name: "180718_M04074_0242_000000000-BRGPG")
            #expect(properties.last?.value == .references(.run, [run]))
            guard case .map(let map) = properties[0].value else { throw UnexpectedSuccess() }
            #expect(map["LaneNumber"] == ["1"])
        }
    }

    @Test func whatTestsReadIsThere() {
        let read: Set = [
            "v1-appresult-files", "v1-appresult", "v1-appresults", "v1-error-forbidden-file", "v1-file-content-meta",
            "v1-file-with-parent-sample", "v1-file", "v1-project", "v1-projects-page", "v1-samples", "v2-appsessions",
            "v2-biosamples", "v2-dataset-files", "v2-datasets",
        ]
        #expect(read.isSubset(of: RecordedReplies.names), "tests of what is missing prove nothing")
    }

    @Test func aProjectInFull() throws {
        struct Envelope: Decodable { let Response: Project }
        guard let reply = try RecordedReplies.reply("v1-project") else { return }
        let project = try decode(reply.body, as: Envelope.self).Response
        #expect(project.id == "86591915" && project.modified?.description.hasPrefix("2020-02-01T02:") == true)
    }
}
