import BaseSpaceSimulator
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct DataDirectoryTests {
    private func model(_ files: [String: [UInt8]]) throws -> Model {
        let data = try SimulatedData(files)
        var model = Model()
        try DataDirectory(root: data.directory).load(into: &model)
        return model
    }

    @Test func idsStayTheSameAndNewFilesDoNotMoveOthers() throws {
        let first = try model(Fixture.files)
        let second = try model(Fixture.files)
        var more = Fixture.files
        more["projects/Trio: exomes/samples/S1/AAA.bam"] = [1]
        more["projects/Another/samples/S1/a"] = [1]
        let third = try model(more)
        for model in [second, third] {
            #expect(Set(first.projects.ids).isSubset(of: model.projects.ids))
            #expect(Set(first.samples.ids).isSubset(of: model.samples.ids))
            #expect(Set(first.appResults.ids).isSubset(of: model.appResults.ids))
            #expect(Set(first.sessions.ids).isSubset(of: model.sessions.ids))
            #expect(Set(first.files.ids).isSubset(of: model.files.ids))
        }
        #expect(third.files.all.count == first.files.all.count + 2)
    }

    @Test func namesAreDecodedSoThatTheyMayRepeat() throws {
        let model = try model([
            "projects/a%2Fb/samples/S1/f": [1], "projects/a%2Fb/samples/S%31/f": [2],
            "projects/a%2Fb/samples/100%/f": [3],
        ])
        #expect(model.projects.all.map(\.name) == ["a/b"])
        #expect(model.samples.all.map(\.name).sorted() == ["100%", "S1", "S1"])
    }

    @Test func hiddenFilesAreLeftOut() throws {
        let model = try model(["projects/P/samples/S/.hidden": [1], "projects/P/samples/S/f": [1], "README": [1]])
        #expect(model.files.all.map(\.path) == ["f"])
    }

    @Test func aMissingDirectoryIsAnErrorThatSaysSo() async {
        var configuration = Simulator.Configuration()
        configuration.dataDirectory = "/nonexistent"
        await #expect(throws: DataDirectory.Unreadable.self) { _ = try await Simulator.start(configuration) }
    }

    @Test func aPortInUseIsAnErrorThatSaysSo() async throws {
        try await Fixture.run { fixture in
            var configuration = Simulator.Configuration()
            let port = try #require(fixture.simulator.apiURL.split(separator: ":").last.flatMap { Int($0) })
            configuration.apiPort = port
            let error = await #expect(throws: HTTPServer.CannotListen.self) {
                _ = try await Simulator.start(configuration)
            }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test func theDemoDataIsFound() throws {
        let path = Simulator.demoDataDirectory
        #expect((try? FileDescriptor.open(path, .readOnly, options: .directory)) != nil)
    }

    @Test func severalSimulatorsRunInOneProcess() async throws {
        try await Fixture.run { first in
            try await Fixture.run({ $0.tokens = ["other": .all] }) { second in
                #expect(first.simulator.apiURL != second.simulator.apiURL)
                _ = await first.post("projects?name=OnlyHere")
                #expect(await second.api("users/current/projects?Name=OnlyHere").object?["TotalCount"] == 0)
                // A URL that one signed means nothing to the other.
                let url = try await first.signedURL()
                let moved = url.replacing(first.simulator.objectStoreURL, with: second.simulator.objectStoreURL)
                #expect(await RawHTTP.send("GET", moved).status == 403)
            }
        }
    }

    @Test func aPrivateStateDirectoryEndsWithTheSimulator() async throws {
        var path: FilePath?
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            _ = await fixture.upload(to: id, name: "x", bytes: [1])
            path = fixture.simulator.uploadedFiles(appResult: id).first?.localPath
        }
        let gone = try #require(path)
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileDescriptor.open(gone, .readOnly) }
    }
}
