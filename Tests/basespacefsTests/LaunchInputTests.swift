import BaseSpaceAPI
import Testing

@testable import basespacefs

@Suite("Inputs of a launch")
struct LaunchInputTests {
    private func payload(_ inputs: [String], project: String? = nil) throws -> String {
        let input = try LaunchInput(project: project, inputs: inputs, template: nil, values: []) { path in
            path == "/mnt/s" ? EntityReference(.sample, "5") : nil
        }
        return String(decoding: try input.payload(name: "N").bytes, as: UTF8.self)
    }

    @Test(
        "are text, entities, paths and lists of these",
        arguments: [
            ("mode=fast", #"{"Content":"fast","Name":"Input.mode","Type":"string"}"#),
            ("url=http://x", #"{"Content":"http://x","Name":"Input.url","Type":"string"}"#),
            ("s=sample:17", #"{"Content":"v1pre3/samples/17","Name":"Input.s","Type":"sample"}"#),
            ("s=/mnt/s", #"{"Content":"v1pre3/samples/5","Name":"Input.s","Type":"sample"}"#),
            ("s[]=/mnt/s", #"{"Items":["v1pre3/samples/5"],"Name":"Input.s","Type":"sample[]"}"#),
            ("s=text:/x", #"{"Content":"/x","Name":"Input.s","Type":"string"}"#),
            ("Input.a=", #"{"Content":"","Name":"Input.a","Type":"string"}"#),
        ]
    )
    func kinds(input: String, property: String) throws {
        let payload = try payload([input])
        #expect(payload.contains(property), "\(payload)")
    }

    @Test("given several times are a list, in their order")
    func lists() throws {
        let payload = try payload(["t=b", "t=a"], project: "12")
        #expect(payload.contains(#""Items":["b","a"]"#), "\(payload)")
        #expect(payload.contains(#"{"Content":"v1pre3/projects/12","Name":"Input.project-id","Type":"project"}"#))
    }

    @Test("are remembered where they are paths, to be compared with their mounts")
    func places() throws {
        let input = try LaunchInput(
            project: "/mnt/p",
            inputs: ["a=/mnt/s", "b=sample:5", "c=text:/mnt/s", "d=mnt/s"],
            template: nil,
            values: []
        ) { path in EntityReference(path == "/mnt/p" ? .project : .sample, "5") }
        #expect(input.places.map(\.path) == ["/mnt/p", "/mnt/s"])
        #expect(input.places.map(\.entity.kind) == [.project, .sample])
    }

    @Test("that make no property are refused in a line", arguments: ["x", "=x", "s=/nowhere", "a b=x"])
    func refused(input: String) {
        #expect(throws: CommandFailure.self) { try payload([input]) }
    }

    @Test("have no project that is something else", arguments: ["/mnt/s", "sample:17", "/nowhere"])
    func wrongProject(project: String) {
        #expect(throws: CommandFailure.self) { try payload([], project: project) }
    }

    @Test("of two kinds are no list")
    func mixed() {
        #expect(throws: CommandFailure.self) { try payload(["s=sample:1", "s=text"]) }
        #expect(throws: CommandFailure.self) { try payload(["s=sample:1", "s=run:2"]) }
    }
}
