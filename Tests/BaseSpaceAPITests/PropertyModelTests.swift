import BaseSpaceAPI
import Foundation
import Testing

struct PropertyModelTests {
    private func property(_ type: String, _ value: String = "") throws -> Property {
        try decode(#"{"Type":"\#(type)","Name":"A.B"\#(value.isEmpty ? "" : ",")\#(value)}"#)
    }

    @Test func textsOfV1() throws {
        #expect(try property("string", #""Content":"x""#).value == .text("x"))
        #expect(try property("string", #""Content":"""#).value == .text(""))
        #expect(try property("string[]", #""Items":["a","","a"]"#).value == .texts(["a", "", "a"]))
        #expect(try property("string[]").value == .texts([]))
    }

    @Test func whatComesWithTheValue() throws {
        let property: Property = try decode(
            #"""
            {"Type":"string[]","Href":"v1pre3/samples/1/properties/A.B","Name":"A.B","Description":"d","Items":["a"],
            "HrefItems":"v1pre3/samples/1/properties/A.B/items","ItemsDisplayedCount":1,"ItemsTotalCount":3,
            "DateModified":"1970-01-01T00:00:01Z"}
            """#
        )
        #expect(property.name == "A.B" && property.description == "d" && property.modified == Timestamp(seconds: 1))
        #expect(property.href == "v1pre3/samples/1/properties/A.B" && property.totalCount == 3 && property.isCut)
        #expect(!Property(name: "A.B", value: .texts(["a"]), totalCount: 1).isCut)
        #expect(!Property(name: "A.B", value: .texts(["a"])).isCut)
    }

    @Test(arguments: EntityKind.allCases)
    func references(_ kind: EntityKind) throws {
        let word = kind.rawValue
        let one = EntityReference(kind, "1", name: "n")
        #expect(try property(word, #""Content":{"Id":"1","Name":"n","Href":"h"}"#).value == .reference(one))
        let many = try property("\(word)[]", #""Items":[{"Id":"1","Name":"n"},{"Id":2}]"#).value
        #expect(many == .references(kind, [one, EntityReference(kind, "2")]))
        #expect(many.type == "\(word)[]")
        #expect(try property("\(word)[]").value == .references(kind, []))
    }

    @Test func referencesOfV2() throws {
        let runs = try property("run[]", #""RunItems":[{"Id":"1","Name":"n"}],"HrefItems":"https://x/items""#)
        #expect(runs.value == .references(.run, [EntityReference(.run, "1", name: "n")]))
        let bioSample = try property("biosample", #""BioSampleContent":{"Id":"1","BioSampleName":"n"}"#)
        #expect(bioSample.value == .reference(EntityReference(.bioSample, "1", name: "n")))
    }

    @Test func aReferenceMayBeALink() throws {
        let value = try property("sample", #""Content":"v1pre3/samples/17""#).value
        #expect(value == .reference(EntityReference(.sample, "17")))
        let gone = try property("sample[]", #""Items":[{"Id":"1"},{"Href":"v1pre3/samples/17"}]"#).value
        #expect(gone == .references(.sample, [EntityReference(.sample, "1"), EntityReference(.sample, "17")]))
    }

    @Test(arguments: ["Content", "Items", "ContentMap"])
    func maps(_ key: String) throws {
        let value = try property("map", #""\#(key)":[{"Key":"b","Values":["1","2"]},{"Key":"a"}]"#).value
        #expect(value == .map(PropertyMap([.init("b", ["1", "2"]), .init("a", [])])))
        guard case .map(let map) = value else { return }
        #expect(map["b"] == ["1", "2"] && map["a"] == [] && map["c"] == nil)
    }

    @Test func aMapThatIsInBothPlaces() throws {
        let list = #"[{"Key":"b","Values":["1"]}]"#
        let value = try property("map", #""Items":\#(list),"Content":\#(list)"#).value
        #expect(value == .map(PropertyMap([.init("b", ["1"])])))
    }

    @Test(arguments: ["Items", "ItemsMap"])
    func listsOfMaps(_ key: String) throws {
        let value = try property("map[]", #""\#(key)":[[{"Key":"b","Values":["1"]}],[]]"#).value
        #expect(value == .maps([PropertyMap([.init("b", ["1"])]), PropertyMap([])]))
    }

    @Test func whatIsNotShownIsLeftOut() throws {
        let samples = try property("sample[]", #""Items":[{"Id":"1"},null,{"Id":"2"}],"ItemsTotalCount":3"#)
        #expect(samples.value == .references(.sample, [EntityReference(.sample, "1"), EntityReference(.sample, "2")]))
        #expect(samples.hiddenCount == 1 && !samples.isCut)
        #expect(try property("sample[]", #""Items":[null],"ItemsTotalCount":2"#).isCut)
        #expect(try property("sample[]", #""Items":null"#).value == .references(.sample, []))
        let runs = try property("run[]", #""Items":null,"RunItems":[null,{"Id":"1"}]"#)
        #expect(runs.value == .references(.run, [EntityReference(.run, "1")]))
        #expect(try property("string[]", #""Items":["a",null]"#).value == .texts(["a"]))
        let map = try property("map", #""Content":[{"Key":"k","Values":[null,"v"]},null,{"Key":"l","Values":null}]"#)
        #expect(map.value == .map(PropertyMap([.init("k", ["v"]), .init("l", [])])))
        let maps = try property("map[]", #""ItemsMap":[null,[{"Key":"k"}]]"#)
        #expect(maps.value == .maps([PropertyMap([.init("k", [])])]))
    }

    @Test func whatIsNotKnownIsKept() throws {
        let library = try property(
            "library[]",
            #""SampleLibraryItems":[{"Name":"n/m","Id":"1","Ok":true,"No":null,"Size":1.25,"Big":9007199254740993}]"#
        )
        #expect(
            library.value
                == .unknown(
                    type: "library[]",
                    json: #"[{"Big":9007199254740993,"Id":"1","Name":"n/m","No":null,"Ok":true,"Size":1.25}]"#
                )
        )
        #expect(try property("thing").value == .unknown(type: "thing", json: "null"))
        #expect(try property("string", #""Content":7"#).value == .unknown(type: "string", json: "7"))
        #expect(throws: DecodingError.self) { try decode(#"{"Type":"string","Content":"x"}"#, as: Property.self) }
    }
}
