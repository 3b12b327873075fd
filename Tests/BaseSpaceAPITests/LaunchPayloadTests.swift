import FoundationEssentials
import Testing

@testable import BaseSpaceAPI

@Suite struct LaunchPayloadTests {
    private func object(_ payload: LaunchPayload) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(payload.bytes))
    }

    @Test func aPropertyTakesThePlaceOfOneOfItsName() throws {
        var payload = LaunchPayload(name: "A")
        try payload.set(.text("1"), named: "Input.mode")
        try payload.set(.references(.sample, [EntityReference(.sample, "17")]), named: "Input.samples")
        try payload.set(.text("2"), named: "Input.mode")
        #expect(
            try object(payload)
                == .object([
                    "Name": .text("A"), "StatusSummary": .text(""), "AutoStart": .boolean(true),
                    "Properties": .array([
                        .object([
                            "Name": .text("Input.samples"), "Type": .text("sample[]"),
                            "Items": .array([.text("v1pre3/samples/17")]),
                        ]),
                        .object([
                            "Name": .text("Input.mode"), "Type": .text("string"), "Content": .text("2"),
                        ]),
                    ]),
                ])
        )
    }

    @Test func placeholdersAreFilledWithWhatJSONWantsEscaped() throws {
        let payload = try LaunchPayload(
            template: #"{"Name":"{{ who }}: {{what}}","Properties":[]}"#,
            values: ["who": #"a "b" \ c"#, "what": "line\nbreak {{who}}"]
        )
        #expect(payload.name == "a \"b\" \\ c: line\nbreak {{who}}")
    }

    @Test(
        arguments: [
            (#"{"Name":"{{who}}"}"#, [:], "{{who}}"), (#"{"Name":"x"}"#, ["who": "1"], "{{who}}"),
            ("[]", [:], "JSON object"),
            ("{", [:], "JSON object"),
            (#"{"Name":"x","Propertys":[]}"#, [:], "'Propertys'"),
            (#"{"Name":17}"#, [:], "'Name'"),
            (#"{"AutoStart":"no"}"#, [:], "'AutoStart'"),
        ] as [(String, [String: String], String)]
    )
    func whatIsNoPayloadIsSaid(template: String, values: [String: String], words: String) {
        #expect {
            try LaunchPayload(template: template, values: values)
        } throws: { error in
            (error as? LaunchPayload.Fault)?.description.contains(words) == true
        }
    }

    @Test func aNameThatTheServiceRefusesIsNotSent() {
        var payload = LaunchPayload(name: "A")
        #expect(throws: LaunchPayload.Fault.self) { try payload.set(.text("1"), named: "Input.") }
    }
}
