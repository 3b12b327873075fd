import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct V2Tests {
    @Test func samplesAndAppResultsAreDatasetsWithTheSameFiles() async throws {
        try await Fixture.run { fixture in
            let (project, sample) = (try await fixture.projectID(), try await fixture.sampleID())
            let datasets = try #require(await fixture.v2("projects/\(project)/datasets?SortBy=Name").json)
            #expect(datasets["Paging"]?["TotalCount"] == 3)
            let one = try #require(
                datasets["Items"]?.elements.first { $0["V1pre3Id"]?.text == "sample.\(sample)" }
            )
            #expect(one["Href"]?.text?.hasPrefix("\(fixture.simulator.apiURL)/v2/datasets/ds.") == true)
            let path = try #require(one["HrefFiles"]?.text?.split(separator: "/v2/").last)
            let files = await fixture.v2(String(path)).json?["Items"]?.elements
            let v1 = await fixture.api("samples/\(sample)/files").items
            #expect(files?.map { $0["Id"] } == v1?.map { $0["Id"] })
            #expect(await fixture.v2("datasets/\(one["Id"]?.text ?? "")").json?["Properties"] != nil)
            let fastq = await fixture.v2("datasets?DatasetTypes=~common.fastq").json?["Items"]?.elements
            #expect(fastq?.count == 2)
            let id = try #require(one["Id"]?.text)
            let sampleHandle = try #require(fixture.simulator.handle("samples/\(sample)"))
            try sampleHandle.setProperty("Input.Runs", references: [try fixture.simulator.addRun("R")])
            let property = await fixture.v2("datasets/\(id)/properties").json?["Items"]?.elements.first
            #expect(property?["RunItems"]?.elements.first?["Name"] == "R")
            let file = await fixture.v2("files/\(v1?.first?["Id"]?.text ?? "")").json
            #expect(file?["Href"]?.text?.hasPrefix("\(fixture.simulator.apiURL)/v2/files/") == true)
            let missing = await fixture.v2("datasets/ds.7")
            #expect(missing.status == 404)
            #expect(missing.json?["ErrorMessage"] != nil)
            #expect(await fixture.v2("v2/datasets").json?["ResponseStatus"] != nil)
        }
    }

    @Test func aBioSampleHasItsDatasets() async throws {
        try await Fixture.run { fixture in
            let project = try await fixture.projectID()
            let list = await fixture.v2("biosamples?projectid=\(project)&sortby=Name").json
            #expect(list?["Paging"]?["SortBy"] == "Id")
            let item = try #require(list?["Items"]?.elements.first { $0["BioSampleName"] == "S1" })
            let id = try #require(item["Id"]?.text)
            #expect(await fixture.v2("biosamples/\(id)").json?["BioSampleName"] == "S1")
            let datasets = await fixture.v2("datasets?inputbiosamples=\(id)").json?["Items"]?.elements
            #expect(datasets?.map { $0["Name"] } == ["S1"])
            try fixture.simulator.handle("samples/\(id)")?.setProperty("Lab.Note", "first")
            let property = await fixture.v2("biosamples/\(id)/properties").json?["Items"]?.elements.first
            #expect(property?["Content"] == "first")
            #expect(property?["Href"]?.text?.hasSuffix("/v2/biosamples/\(id)/properties/Lab.Note") == true)
            #expect(await fixture.v2("biosamples/7/properties").status == 404)
        }
    }

    @Test func directoriesOfARunAreWalked() async throws {
        try await Fixture.run { fixture in
            let run = try fixture.simulator.addRun("R")
            try run.addFiles(["a.txt", "Data/b.bcl", "Data/deep/c.bcl"], .bytes([1]))
            let top = await fixture.v2("runs/\(run.id)/files?directory=/&include=Subdirectories").json
            #expect(top?["Items"]?.elements.map { $0["Path"] } == ["a.txt"])
            #expect(top?["SubDirectories"]?.elements.map { $0["Name"] } == ["Data"])
            #expect(top?["Paging"]?["TotalCount"] == nil)
            let deep = await fixture.v2("runs/\(run.id)/files?directory=/Data&recursive=true&include=TotalCount").json
            #expect(deep?["Paging"]?["TotalCount"] == 2)
        }
    }

    @Test func aSearchFindsNamesAndFields() async throws {
        try await Fixture.run { fixture in
            try fixture.simulator.addRun("R", experiment: "Trio run")
            let all = await fixture.api("search?query=trio&scope=runs,projects")
            #expect(all.items?.map { $0["Type"] } == ["run", "project"])
            #expect(all.items?.last?["Project"]?["Name"] == "Trio: exomes")
            let field = await fixture.api("search?query=experimentname:%22trio%20run%22")
            #expect(field.items?.count == 1)
            let files = await fixture.api("search?query=fastq&scope=sample_files&Limit=2")
            #expect(files.object?["TotalCount"] == 3)
            #expect(files.items?.first?["File"]?["Path"] != nil)
        }
    }
}
