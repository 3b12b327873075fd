import Foundation
import TestSupport
import Testing

@testable import BaseSpaceSimulator

/// Compares replies with recorded ones of the live service: the same keys with the same types.
@Suite(.enabled(if: !RecordedReplies.names.isEmpty, "there are no recordings here"))
struct ConformanceTests {
    /// Members that the simulator sends and a recording happens not to have: other entities of the same kind do.
    private static let known: Set<String> = [
        // A FASTQ was recorded without a parent, another one with; AppResult files have theirs.
        "Response.ParentSample", "Response.Properties.Items",
        // In the documentation, and on datasets of other recordings.
        "Items[].V1pre3Id",
        // Only some applications have a page or a date of publication, only some sessions a start, and the owner of the
        // recorded biosamples' datasets gave them properties.
        "Items[].Application.HomepageUri", "Items[].Application.DatePublished",
        "Items[].AppSession.Application.HomepageUri", "Items[].AppSession.Application.DatePublished",
        "Items[].AppSession.DateStarted", "Items[].Properties.Items",
    ]

    @Test(arguments: [
        ("v1-projects-page", "users/current/projects"), ("v1-project", "projects/{project}"),
        ("v1-samples", "projects/{project}/samples"), ("v1-appresults", "projects/{project}/appresults"),
        ("v1-appresult", "appresults/{appresult}"), ("v1-appresult-files", "appresults/{appresult}/files"),
        ("v1-file", "files/{file}"), ("v1-file-with-parent-sample", "files/{file}"),
        ("v1-file-content-meta", "files/{file}/content?redirect=meta"), ("v1-error-forbidden-file", "files/1111111"),
        ("v2-appsessions", "/v2/appsessions?output.projects={project}&sortby=Name"),
        ("v2-biosamples", "/v2/biosamples?projectid={project}&sortby=Name"),
        ("v2-datasets", "/v2/datasets?include=properties&datasettypes=%7Ecommon.fastq&inputbiosamples={sample}"),
        ("v2-dataset-files", "/v2/datasets/{dataset}/files?sortby=Name"),
    ])
    func repliesHaveTheRecordedShape(recording: String, path: String) async throws {
        guard let data = RecordedReplies.exchange(recording) else { return }
        let recorded = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        try await Fixture.run { fixture in
            let sample = try await fixture.sampleID()
            let dataset = try DatasetIndex.id(of: .sample(#require(Int64(sample))))
            let path = path.replacing("{project}", with: try await fixture.projectID())
                .replacing("{sample}", with: sample).replacing("{dataset}", with: dataset)
                .replacing("{appresult}", with: try await fixture.appResultID())
                .replacing("{file}", with: try await fixture.fileID())
            let isV2 = path.hasPrefix("/v2/")
            let reply = isV2 ? await fixture.v2(String(path.dropFirst(4))) : await fixture.api(path)
            #expect(reply.status == recorded["status"] as? Int)
            let expected = Self.shape(of: try #require(recorded["body"]))
            let actual = Self.shape(of: try JSONSerialization.jsonObject(with: Data(reply.body)))
            let missing = expected.filter { !actual.contains($0) && !Self.isKnown($0) }
            let extra = actual.filter { !expected.contains($0) && !Self.isKnown($0) }
            #expect(missing.isEmpty, "missing: \(missing.sorted())")
            #expect(extra.isEmpty, "extra: \(extra.sorted())")
            for (name, value) in try #require(recorded["headers"] as? [String: String]) {
                switch name {
                case "Content-Length": #expect(reply[name] != nil)
                case "Expires" where value != "0": #expect(reply[name]?.count == value.count)
                default: #expect(reply[name] == value, "\(name)")
                }
            }
        }
    }

    private static func isKnown(_ path: String) -> Bool {
        known.contains { path.hasPrefix("\($0).") || path.hasPrefix("\($0)[") || path.hasPrefix("\($0):") }
    }

    /// Every path in a JSON value with the type at its end, such as `Response.Items[].Id:string`.
    private static func shape(of value: Any, at path: String = "") -> Set<String> {
        switch value {
        case let object as [String: Any]:
            return object.reduce(into: ["\(path):object"]) { shape, member in
                shape.formUnion(self.shape(of: member.value, at: path.isEmpty ? member.key : "\(path).\(member.key)"))
            }
        case let array as [Any]:
            return array.reduce(into: ["\(path):array"]) { $0.formUnion(shape(of: $1, at: "\(path)[]")) }
        case is String:
            return ["\(path):string"]
        case let number as NSNumber:
            return [CFBooleanOrNumber.isBoolean(number) ? "\(path):bool" : "\(path):number"]
        default:
            return ["\(path):null"]
        }
    }

    /// Foundation gives booleans and numbers as one class; only their Objective-C types tell them apart.
    private enum CFBooleanOrNumber {
        static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
    }
}
