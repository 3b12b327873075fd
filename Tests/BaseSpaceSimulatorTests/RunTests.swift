import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct RunTests {
    @Test func runsAreListedFilteredAndSorted() async throws {
        try await Fixture.run { fixture in
            let simulator = fixture.simulator
            try simulator.addRun("230101_M1_0001_A", experiment: "b").adding("RunInfo.xml", .bytes([1, 2, 3]))
            try simulator.addRun("240101_M1_0002_B", experiment: "A", status: "running")
                .adding("RunInfo.xml", .zeros(12))
            let byName = await fixture.api("users/current/runs?SortBy=ExperimentName")
            #expect(byName.items?.map { $0["ExperimentName"]?.text } == ["A", "b"])
            #expect(byName.object?["SortBy"] == "ExperimentName")
            let bySize = await fixture.api("users/current/runs?SortBy=TotalSize&SortDir=Desc")
            #expect(bySize.items?.map { $0["TotalSize"] } == [12, 3])
            let running = await fixture.api("users/current/runs?Statuses=Running,Failed")
            #expect(running.items?.map { $0["Name"]?.text } == ["240101_M1_0002_B"])
            #expect(await fixture.api("users/current/runs?FlowcellBarcode=none").items?.isEmpty == true)
            #expect(await fixture.api("users/current/runs?InstrumentType=miseq").items?.count == 2)
            #expect(await fixture.api("runs/7").status == 404)
        }
    }

    @Test func aRunGrowsWhileItRuns() async throws {
        try await Fixture.run { fixture in
            let run = try fixture.simulator.addRun("240101_M1_0001_A", status: "Running")
            let before = await fixture.api("runs/\(run.id)").object
            #expect(before?["Status"] == "Running")
            #expect(before?["DateInstrumentCompleted"] == nil)
            #expect(await fixture.api("runs/\(run.id)/files").items?.isEmpty == true)
            let file = try run.addFile("InterOp/x.bin", .bytes([1, 2, 3]))
            try run.setStatus("Complete")
            #expect(await fixture.api("runs/\(run.id)").object?["TotalSize"] == 3)
            #expect(await fixture.api("runs/\(run.id)").object?["DateInstrumentCompleted"] != nil)
            #expect(await fixture.api("runs/\(run.id)/sequencingstats").object?["NumLanes"] == 1)
            let listed = try #require(await fixture.api("runs/\(run.id)/files").items?.first)
            #expect(listed["Path"] == "InterOp/x.bin")
            #expect(listed["IdAsLong"] == nil)
            #expect(await fixture.api("files/\(file.id)").object?["ParentRun"]?["Id"]?.text == run.id)
            let url = try #require(await fixture.api("files/\(file.id)/content?redirect=meta").object?["HrefContent"])
            #expect(await RawHTTP.send("GET", url.text ?? "").body == [1, 2, 3])
            try file.vanish()
            #expect(await fixture.api("files/\(file.id)").status == 410)
            #expect(await RawHTTP.send("GET", url.text ?? "").status == 404)
            #expect(await fixture.api("runs/\(run.id)/files").items?.isEmpty == true)
            #expect(throws: Simulator.Misuse.self) { try run.setStatus("Sleeping") }
        }
    }

    @Test func theDataDirectoryHasRuns() async throws {
        try await Fixture.run(files: ["runs/230101_M1 %2F x/Data/a.bcl": [1], "runs/other/": []]) { fixture in
            let run = try await fixture.id(of: "230101_M1 / x", in: "users/current/runs")
            let files = await fixture.api("runs/\(run)/files?Directory=/Data")
            #expect(files.items?.map { $0["Path"]?.text } == ["Data/a.bcl"])
            #expect(await fixture.api("runs/\(run)/files?Directory=/").items?.isEmpty == true)
        }
    }

    @Test func pagesOfALargeRunAreParts() async throws {
        try await Fixture.run { fixture in
            let run = try fixture.simulator.addRun("240101_M1_0001_A")
            // Ids go up with the numbers, paths do not.
            let paths = (1...20_000).map { "Data/L\($0 % 7)/s_\(20_000 - $0).bcl" }
            try run.addFiles(paths, .zeros(10))
            var ids: [String] = []
            for offset in stride(from: 0, to: 20_000, by: 5_000) {
                let page = await fixture.api("runs/\(run.id)/files?Limit=2000&Offset=\(offset)")
                #expect(page.object?["Limit"] == 1000)
                #expect(page.object?["TotalCount"] == 20_000)
                ids += page.items?.compactMap { $0["Path"]?.text } ?? []
            }
            #expect(ids.first == paths.first)
            #expect(ids.count == 4_000)
            let sorted = await fixture.api("runs/\(run.id)/files?SortBy=Path&Limit=2&Offset=19998&SortDir=desc")
            #expect(
                sorted.items?.last?["Path"]?.text
                    == paths.map { $0.lowercased() }.min().map { "D" + $0.dropFirst().replacing("/l", with: "/L") }
            )
            try run.addFile("Aa", .bytes([]))
            let after = await fixture.api("runs/\(run.id)/files?SortBy=Path&Limit=1")
            #expect(after.items?.first?["Path"] == "Aa")
        }
    }
}
