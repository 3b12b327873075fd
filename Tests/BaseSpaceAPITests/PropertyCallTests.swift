import BaseSpaceAPI
import Foundation
import HTTPTransport
import TestSupport
import Testing

struct PropertyCallTests {
    private static let notFound = v1Error(404, "BASESPACE.PROPERTIES.NOT_FOUND", "no such property")
    private let sample = PropertyOwner(.sample, "1")

    @Test func allPagesOfAList() async throws {
        try await withService(script: { request in
            let offset = request.number("Offset")
            let items = (offset..<min(offset + 50, 120)).map {
                #"{"Type":"string","Name":"A.P\#($0)","Content":"\#($0)"}"#
            }
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":120,"Limit":50}"#)
        }) { client, server in
            let properties = try await client.properties(of: sample)
            #expect(properties.map(\.name) == (0..<120).map { "A.P\($0)" })
            #expect(properties.last?.value == .text("119"))
            let paths = Set(server.requests.map(\.path))
            #expect(paths == ["/v1pre3/samples/1/properties"])
            #expect(server.requests.allSatisfy { $0.parameter("SortBy") == nil })
        }
    }

    @Test(arguments: [
        (EntityKind.project, "/v1pre3/projects/1"), (.sample, "/v1pre3/samples/1"),
        (.appResult, "/v1pre3/appresults/1"), (.run, "/v1pre3/runs/1"), (.file, "/v1pre3/files/1"),
        (.appSession, "/v1pre3/appsessions/1"), (.dataset, "/v2/datasets/1"), (.bioSample, "/v2/biosamples/1"),
    ])
    func ownersAndOneProperty(_ kind: EntityKind, _ path: String) async throws {
        let property = #"{"Type":"string","Name":"A.B","Content":"x"}"#
        try await withService(script: { _ in kind.rawValue.hasSuffix("d") ? [.reply(200, property)] : v1(property) }) {
            client,
            server in
            let property = try await client.property(named: "A.B", of: PropertyOwner(kind, "1"))
            #expect(property == Property(name: "A.B", value: .text("x")))
            #expect(server.requests[0].target == path + "/properties/A.B")
        }
    }

    @Test func whatIsNotThereIsNil() async throws {
        try await withService(script: { request in
            request.path.contains("/samples/") ? Self.notFound : v1Error(404, "", "unrecognized path")
        }) { client, _ in
            #expect(try await client.property(named: "A.B", of: sample) == nil)
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.property(named: "A.B", of: PropertyOwner(.run, "1"))
            }
            #expect(error.status == 404)
        }
    }

    @Test func valuesThatWereCutAreFetched() async throws {
        try await withService(script: { request in
            let offset = request.number("Offset")
            let items = (offset..<min(offset + 100, 250)).map { number in
                request.path.contains("Texts")
                    ? #"{"Id":"i\#(number)","Content":"same"}"#
                    : #"{"Id":"i\#(number)","Content":{"Id":"\#(number)","Name":"n"}}"#
            }
            return v1(
                #"{"Type":"sample[]","Items":[\#(items.joined(separator: ","))],"TotalCount":250,"Limit":100}"#
            )
        }) { client, server in
            let first = EntityReference(.sample, "0", name: "n")
            let cut = Property(name: "In.Samples", value: .references(.sample, [first]), totalCount: 250)
            let whole = try await client.complete(cut, of: sample)
            #expect(!whole.isCut && whole.totalCount == 250)
            #expect(
                whole.value
                    == .references(.sample, (0..<250).map { EntityReference(.sample, EntityID("\($0)"), name: "n") })
            )
            #expect(server.requests[0].path == "/v1pre3/samples/1/properties/In.Samples/items")
            #expect(server.requests[0].parameter("SortBy") == "DateCreated")
            let texts = Property(name: "In.Texts", value: .texts(["same"]), totalCount: 250)
            let allTexts = try await client.complete(texts, of: sample)
            #expect(allTexts.value == .texts(Array(repeating: "same", count: 250)))
            let count = server.requests.count
            #expect(try await client.complete(whole, of: sample) == whole && server.requests.count == count)
        }
    }

    @Test func mapsThatWereCutAreFetched() async throws {
        let items = #"[{"Id":"1","Content":[{"Key":"k","Values":["a"]}]},{"Id":"2","ContentMap":[]}]"#
        try await withService(script: { _ in v1(#"{"Items":\#(items),"TotalCount":2}"#) }) { client, _ in
            let whole = try await client.complete(Property(name: "A.B", value: .maps([]), totalCount: 2), of: sample)
            #expect(whole.value == .maps([PropertyMap([.init("k", ["a"])]), PropertyMap([])]))
        }
    }

    @Test func valuesThatAreNotShownAreLeftOut() async throws {
        let items = #"[{"Id":"1","Content":{"Id":"7"}},{"Id":"2","Content":null}]"#
        try await withService(script: { _ in v1(#"{"Items":\#(items),"TotalCount":2}"#) }) { client, _ in
            let cut = Property(name: "A.B", value: .references(.sample, []), totalCount: 2)
            let whole = try await client.complete(cut, of: sample)
            #expect(whole.value == .references(.sample, [EntityReference(.sample, "7")]))
            #expect(whole.hiddenCount == 1 && !whole.isCut)
        }
    }

    @Test(arguments: [EntityKind.dataset, .bioSample])
    func whatOnlyV2HasIsNotChanged(_ kind: EntityKind) async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            let owner = PropertyOwner(kind, "1")
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.setProperty(named: "A.B", of: owner, to: .text("x"))
            }
            #expect(error.kind == .invalidRequest && error.message.contains("read and not changed"))
            let other = try await failure { () async throws(BaseSpaceError) in
                try await client.deleteProperty(named: "A.B", of: owner)
            }
            #expect(other.kind == .invalidRequest && server.requests.isEmpty)
        }
    }

    @Test(arguments: [
        (PropertyValue.text("x"), #"{"Type":"string","Name":"A.B","Content":"x"}"#),
        (.texts([]), #"{"Type":"string[]","Name":"A.B","Items":[]}"#),
        (
            .reference(EntityReference(.appResult, "7")),
            #"{"Type":"appresult","Name":"A.B","Content":"v1pre3/appresults/7"}"#
        ),
        (
            .references(.run, [EntityReference(.run, "7", name: "n"), EntityReference(.run, "8")]),
            #"{"Type":"run[]","Name":"A.B","Items":["v1pre3/runs/7","v1pre3/runs/8"]}"#
        ),
        (
            .map(PropertyMap([.init("b", ["1"]), .init("a", [])])),
            #"{"Type":"map","Name":"A.B","ContentMap":[{"Key":"b","Values":["1"]},{"Key":"a","Values":[]}]}"#
        ),
        (
            .maps([PropertyMap([.init("b", ["1"])])]),
            #"{"Type":"map[]","Name":"A.B","ItemsMap":[[{"Key":"b","Values":["1"]}]]}"#
        ),
    ])
    func aValueIsSet(_ value: PropertyValue, _ json: String) async throws {
        try await withService(script: { _ in v1("{}", status: 201) }) { client, server in
            try await client.setProperty(named: "A.B", of: sample, to: value)
            let request = server.requests[0]
            #expect(request.method == "POST" && request.path == "/v1pre3/samples/1/properties")
            #expect(request.headers["content-type"] == "application/json")
            let expected = try JSONSerialization.jsonObject(with: Data(#"{"Properties":[\#(json)]}"#.utf8))
            #expect(request.json as NSDictionary == expected as? NSDictionary)
            try await client.setProperty(named: "A.B", of: sample, to: value, description: "d")
            let properties = server.requests[1].json["Properties"] as? [[String: Any]]
            #expect(properties?.first?["Description"] as? String == "d")
        }
    }

    @Test(arguments: [
        ("", "needs a name"), ("Study", "two parts"), ("Study.", "two parts"), ("A..B", "two parts"),
        (".A.B", "begins with"), ("-A.B", "begins with"), ("A.b c", "only"), ("A.ü", "only"), ("A/B.C", "only"),
        ("A." + String(repeating: "x", count: 63), "this one has 65"),
    ])
    func namesThatTheServiceRefusesAreNotSent(_ name: String, _ words: String) async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.setProperty(named: name, of: sample, to: .text("x"))
            }
            #expect(error.kind == .invalidRequest && error.message.contains(words))
            let other = try await failure { () async throws(BaseSpaceError) in
                try await client.deleteProperty(named: name, of: sample)
            }
            #expect(other.kind == .invalidRequest && server.requests.isEmpty)
            try await client.setProperty(
                named: "1-a_B." + String(repeating: "x", count: 58),
                of: sample,
                to: .text("x")
            )
        }
    }

    @Test(arguments: [
        (PropertyValue.unknown(type: "library", json: "{}"), "library"),
        (.references(.run, [EntityReference(.sample, "1")]), "one kind"),
        (.map(PropertyMap([.init("k", []), .init("k", [])])), "'k' is in the map twice"),
        (.maps([PropertyMap([.init("", [])])]), "empty"),
    ])
    func valuesThatTheServiceRefusesAreNotSent(_ value: PropertyValue, _ words: String) async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.setProperty(named: "A.B", of: sample, to: value)
            }
            #expect(error.kind == .invalidRequest && error.message.contains(words) && server.requests.isEmpty)
        }
    }

    @Test func aPropertyIsDeleted() async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            try await client.deleteProperty(named: "A.B", of: sample)
            #expect(server.requests.map(\.method) == ["DELETE"])
            #expect(server.requests[0].target == "/v1pre3/samples/1/properties/A.B")
        }
        try await withService(script: { _ in Self.notFound }) { client, _ in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.deleteProperty(named: "A.B", of: sample)
            }
            #expect(error.status == 404)
        }
    }

    @Test(arguments: [true, false])
    func aDeletionWhoseAnswerWasLostIsLookedAt(_ happened: Bool) async throws {
        let property = v1(#"{"Type":"string","Name":"A.B","Content":"x"}"#)
        try await withService(script: { request in
            request.method == "DELETE" ? [.reset] : happened ? Self.notFound : property
        }) { client, server in
            if happened {
                try await client.deleteProperty(named: "A.B", of: sample)
            } else {
                let error = try await failure { () async throws(BaseSpaceError) in
                    try await client.deleteProperty(named: "A.B", of: sample)
                }
                #expect(error.kind == .transport(.connectionLost))
            }
            #expect(server.requests.map(\.method) == ["DELETE", "GET"])
        }
    }
}
