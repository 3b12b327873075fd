import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct PropertyTests {
    private func set(_ fixture: Fixture, _ path: String, _ properties: String) async -> RawHTTP.Response {
        await fixture.post("\(path)/properties", #"{"Properties":[\#(properties)]}"#)
    }

    @Test func everyTypeIsSetAndReadAgain() async throws {
        try await Fixture.run { fixture in
            let sample = try await fixture.sampleID()
            let path = "appresults/\(try await fixture.appResultID())"
            let reply = await set(
                fixture,
                path,
                #"""
                {"Type":"string","Name":"a.text","Description":"d","Content":"x"},
                {"Type":"string[]","Name":"a.texts","Items":["a","a"]},
                {"Type":"sample","Name":"a.sample","Content":"v1pre3/samples/\#(sample)"},
                {"Type":"sample[]","Name":"Input.Samples","Items":["v1pre3/samples/\#(sample)","v1pre3/samples/\#(sample)"]},
                {"Type":"map","Name":"a.map","ContentMap":[{"Key":"k","Values":["1","2"]}]},
                {"Type":"map[]","Name":"a.maps","ItemsMap":[[{"Key":"k","Values":[]}]]}
                """#
            )
            #expect(reply.status == 200)
            let container = try #require(await fixture.api(path).object?["Properties"])
            #expect(container["TotalCount"] == 6)
            func property(_ name: String) -> JSON? { container["Items"]?.elements.first { $0["Name"]?.text == name } }
            #expect(property("a.text")?["Content"] == "x")
            #expect(property("a.texts")?["Items"] == ["a", "a"])
            #expect(property("a.sample")?["Content"]?["Name"] == "S1")
            // References are a set.
            #expect(property("Input.Samples")?["ItemsTotalCount"] == 1)
            #expect(property("Input.Samples")?["HrefItems"]?.text == "v1pre3/\(path)/properties/Input.Samples/items")
            #expect(property("a.map")?["Content"]?.elements.first?["Values"] == ["1", "2"])
            #expect(property("a.maps")?["Items"]?.elements.first?.elements.first?["Key"] == "k")
            let one = await fixture.api("\(path)/properties/a.text").object
            #expect(one?["Description"] == "d")
            #expect(one?["UserModifiedBy"] != nil)
        }
    }

    @Test func aPropertyIsReplacedPagedAndDeleted() async throws {
        try await Fixture.run { fixture in
            let path = "projects/\(try await fixture.projectID())"
            let items = (0..<120).map { "\"\($0)\"" }.joined(separator: ",")
            _ = await set(fixture, path, #"{"Type":"string","Name":"a.b","Content":"x"}"#)
            _ = await set(fixture, path, #"{"Type":"string[]","Name":"a.b","Items":[\#(items)]}"#)
            let shown = await fixture.api(path).object?["Properties"]?["Items"]?.elements
            #expect(shown?.count == 1)
            #expect(shown?.first?["ItemsTotalCount"] == 120)
            #expect(shown?.first?["Items"]?.elements.count == 99)
            let page = await fixture.api("\(path)/properties/a.b/items?Offset=118")
            #expect(page.object?["Type"] == "string[]")
            #expect(page.items?.map { $0["Content"] } == ["118", "119"])
            #expect(await fixture.api("DELETE", "\(path)/properties/a.b").status == 200)
            for method in ["GET", "DELETE"] {
                let reply = await fixture.api(method, "\(path)/properties/a.b")
                #expect(reply.status == 404)
                #expect(reply.errorCode == "BASESPACE.PROPERTIES.NOT_FOUND")
            }
        }
    }

    @Test(arguments: [
        (#"{"Type":"string","Name":"","Content":"x"}"#, 400, "NAME_LENGTH"),
        (#"{"Type":"string","Name":"nodots","Content":"x"}"#, 400, "NAME_INVALID"),
        (#"{"Type":"string","Name":"_a.b","Content":"x"}"#, 400, "NAME_INVALID"),
        (#"{"Type":"nonsense","Name":"a.b","Content":"x"}"#, 400, "TYPE_INVALID"),
        (#"{"Name":"a.b","Content":"x"},{"Name":"a.b","Content":"y"}"#, 400, "DUPLICATE_NAMES"),
        (#"{"Type":"sample","Name":"a.b","Content":"nonsense"}"#, 400, "CONTENT_REFERENCE_INVALID"),
        (#"{"Type":"sample","Name":"a.b","Content":"v1pre3/samples/7"}"#, 409, "CONTENT_REFERENCE_NOT_RESOLVED"),
        (#"{"Type":"map","Name":"a.b","ContentMap":[{"Key":""}]}"#, 400, "CONTENT_MAP_KEY_INVALID"),
        (#"{"Type":"map","Name":"a.b","ContentMap":[{"Key":"k"},{"Key":"k"}]}"#, 400, "CONTENT_MAP_DUPES"),
    ])
    func whatIsWrongHasItsCode(properties: String, status: Int, code: String) async throws {
        try await Fixture.run { fixture in
            let path = "projects/\(try await fixture.projectID())"
            let reply = await set(fixture, path, #"{"Name":"fine.one","Content":"x"},"# + properties)
            #expect(reply.status == status)
            #expect(reply.errorCode == "BASESPACE.PROPERTIES.\(code)")
            #expect(await fixture.api("\(path)/properties").items?.isEmpty == true)
        }
    }
}
