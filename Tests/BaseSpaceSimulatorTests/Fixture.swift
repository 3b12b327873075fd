import BaseSpaceSimulator
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

/// A running simulator with a project, a sample and an AppResult.
struct Fixture {
    static let fastq = SimulatedData.bytes(300_000, seed: 1)
    static let vcf = SimulatedData.bytes(1_000, seed: 2)
    static let files: [String: [UInt8]] = [
        "projects/Trio: exomes/samples/S1/S1_R1.fastq.gz": fastq,
        "projects/Trio: exomes/samples/S1/S1_R2.fastq.gz": [1, 2, 3],
        "projects/Trio: exomes/samples/S2/S2_R1.fastq.gz": [],
        "projects/Trio: exomes/appresults/Calls %2F 1/calls/a b+c.vcf.gz": vcf,
        "projects/Trio: exomes/appresults/Calls %2F 1/calls/deep/x.txt": [7],
        "projects/Trio: exomes/appresults/Calls %2F 1/summary.csv": [8, 9],
        "projects/Empty/samples/": [],
    ]

    let simulator: Simulator
    let data: SimulatedData

    /// Runs a test against a simulator of its own and stops it.
    static func run(
        _ configure: (inout Simulator.Configuration) -> Void = { _ in },
        files: [String: [UInt8]] = Fixture.files,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let data = try SimulatedData(files)
        var configuration = Simulator.Configuration()
        configuration.dataDirectory = data.directory
        configure(&configuration)
        let fixture = Fixture(simulator: try await Simulator.start(configuration), data: data)
        do {
            try await body(fixture)
        } catch {
            await fixture.simulator.stop()
            throw error
        }
        await fixture.simulator.stop()
    }

    // MARK: Requests

    /// A GET of the API with the token.
    func api(_ path: String, headers: [String: String] = [:]) async -> RawHTTP.Response {
        await api("GET", path, headers: headers)
    }

    /// A request to the API with the token.
    func api(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) async -> RawHTTP.Response {
        await RawHTTP.send(
            method,
            "\(simulator.apiURL)/v1pre3/\(path)",
            headers: ["x-access-token": simulator.token].merging(headers) { $1 },
            body: body
        )
    }

    /// A request to the second version of the API with the token.
    func v2(_ method: String, _ path: String) async -> RawHTTP.Response {
        await RawHTTP.send(
            method,
            "\(simulator.apiURL)/v2/\(path)",
            headers: ["x-access-token": simulator.token],
            body: method == "POST" ? [] : nil
        )
    }

    /// A GET of the second version.
    func v2(_ path: String) async -> RawHTTP.Response { await v2("GET", path) }

    /// A POST of text to the API.
    func post(_ path: String, _ text: String = "", type: String = "application/json") async -> RawHTTP.Response {
        await api("POST", path, headers: ["Content-Type": type], body: Array(text.utf8))
    }

    // MARK: Things

    /// The id of the project, the sample, the AppResult or whatever else has a name.
    func id(of name: String, in collection: String) async throws -> String {
        let items = try #require(await api("\(collection)?Limit=1000").items)
        let item = try #require(items.first { $0["Name"]?.text == name })
        return try #require(item["Id"]?.text)
    }

    func projectID() async throws -> String { try await id(of: "Trio: exomes", in: "users/current/projects") }

    func sampleID() async throws -> String { try await id(of: "S1", in: "projects/\(projectID())/samples") }

    func appResultID() async throws -> String {
        try await id(of: "Calls / 1", in: "projects/\(projectID())/appresults")
    }

    /// The FASTQ file's id.
    func fileID() async throws -> String { try await id(of: "S1_R1.fastq.gz", in: "samples/\(sampleID())/files") }

    /// A signed URL for the FASTQ file.
    func signedURL() async throws -> String {
        let reply = try await api("files/\(fileID())/content?redirect=meta").json
        return try #require(reply?["Response"]?["HrefContent"]?.text)
    }

    /// Makes an AppResult with a session that is Running.
    func makeAppResult(named name: String = "Mine") async throws -> (id: String, session: String) {
        let reply = try await post("projects/\(projectID())/appresults", #"{"Name":"\#(name)"}"#).json?["Response"]
        return (try #require(reply?["Id"]?.text), try #require(reply?["AppSession"]?["Id"]?.text))
    }
}

extension RawHTTP.Response {
    var json: JSON? { JSON(parsing: body) }

    /// `Response` of an envelope.
    var object: JSON? { json?["Response"] }

    /// `Items` of a list.
    var items: [JSON]? {
        guard case .array(let items)? = object?["Items"] else { return nil }
        return items
    }

    var errorCode: String? { json?["ResponseStatus"]?["ErrorCode"]?.text }
}
