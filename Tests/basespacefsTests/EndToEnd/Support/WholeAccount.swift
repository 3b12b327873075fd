import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport

/// A mounted account that holds an entity of every kind, and a property of every type.
struct WholeAccount: Sendable {
    let mount: Mount
    let simulator: Simulator
    let project: Simulator.Handle
    /// `S1`, made by ``sequencing``, with two files and one in `d/`.
    let sample: Simulator.Handle
    /// `Calls`, of ``analysis``, with a BAM, a VCF and their indexes.
    let appResult: Simulator.Handle
    /// Complete, with a log.
    let sequencing: Simulator.Handle
    /// Running, with a log.
    let analysis: Simulator.Handle
    /// `Exp 1`, whose `Output.Samples` is ``sample``.
    let run: Simulator.Handle
    /// `S1_R1.fastq.gz` of the sample.
    let file: Simulator.Handle

    static let project = "Projects/Trio"
    static let sample = "Projects/Trio/Samples/S1"
    static let appResult = "Projects/Trio/AppResults/Calls"
    static let bam = "Projects/Trio/AppResults/Calls/Files.metadata/Lambda-1.bam"
    static let vcf = "Projects/Trio/AppResults/Calls/Files.metadata/variants/Lambda-1.vcf.gz"
    /// The sequence that the BAM and the VCF are of.
    static let chromosome = "NC_001416.1"

    /// Somebody else at the service.
    var service: ServiceClient { ServiceClient(simulator) }

    /// Fills an account, mounts it, runs `body` and clears away.
    ///
    /// - Parameter options: Options of the mount, made when the account is filled: some take an id.
    static func using(
        options: (Filled) -> [String] = { _ in [] },
        _ body: (WholeAccount) async throws -> Void
    ) async throws {
        try await Account.using(.script("true")) { account in
            let filled = try await Filled(account.simulator, demo: AccountData.demo.directory.string)
            let mount = try await account.mount(options: options(filled))
            let whole = WholeAccount(
                mount: mount,
                simulator: account.simulator,
                project: filled.project,
                sample: filled.sample,
                appResult: filled.appResult,
                sequencing: filled.sequencing,
                analysis: filled.analysis,
                run: filled.run,
                file: filled.file
            )
            try await body(whole)
        }
    }

    /// What is put onto the service.
    struct Filled {
        let project, sample, appResult, sequencing, analysis, run, file: Simulator.Handle

        init(_ simulator: Simulator, demo: String) async throws {
            project = simulator.addProject("Trio")
            sequencing = try simulator.addSession("Sequencing", status: "Complete")
            try sequencing.addFile("bcl2fastq.log", .bytes(Array("demultiplexed\n".utf8)))
            analysis = try simulator.addSession("Analysis")
            try analysis.addFile("app.log", .bytes(Array("started\n".utf8)))
            try analysis.addFile("steps/1.log", .bytes(Array("step\n".utf8)))
            sample = try project.addSample("S1", session: sequencing)
            file = try sample.addFile("S1_R1.fastq.gz", .bytes(Array("reads 1".utf8)))
            try sample.adding("S1_R2.fastq.gz", .bytes(Array("reads 2!".utf8)))
                .adding("d/stats.txt", .bytes(Array("stats\n".utf8)))
            try sequencing.setProperty("Output.Samples", references: [sample])
            appResult = try project.addAppResult("Calls", session: analysis)
            let results = "\(demo)/projects/Lambda phage: resequencing/appresults/Lambda-1 BWA/"
            for path in [
                "Lambda-1.bam", "Lambda-1.bam.bai", "variants/Lambda-1.vcf.gz", "variants/Lambda-1.vcf.gz.tbi",
            ] {
                try appResult.addFile(path, .local(.init(results + path)))
            }
            try await Self.addProperties(to: appResult, sample: sample, file: file, simulator)
            try analysis.setProperty("Input.Note", "first try")
            run = try simulator.addRun("240101_M1_0001_A", experiment: "Exp 1")
            try run.adding("RunInfo.xml", .bytes(Array("<RunInfo/>\n".utf8)))
                .adding("Logs/cycle.log", .bytes(Array("cycle 1\n".utf8)))
                .adding("Data/Intensities/s.locs", .bytes([1, 2, 3]))
            try run.setProperty("Output.Samples", references: [sample])
        }

        private static func addProperties(
            to owner: Simulator.Handle,
            sample: Simulator.Handle,
            file: Simulator.Handle,
            _ simulator: Simulator
        ) async throws {
            let body = """
                {"Properties": [
                    {"Name": "App.String", "Type": "string", "Content": "a text"},
                    {"Name": "App.List", "Type": "string[]", "Items": ["one", "two"]},
                    {"Name": "App.Reference", "Type": "sample", "Content": "\(sample.href)"},
                    {"Name": "App.References", "Type": "file[]", "Items": ["\(file.href)"]},
                    {"Name": "App.Map", "Type": "map", "ContentMap": [{"Key": "key", "Values": ["v1", "v2"]}]},
                    {"Name": "App.Maps", "Type": "map[]", "ItemsMap": [[{"Key": "key", "Values": ["v"]}]]}
                ]}
                """
            let href = owner.href.dropFirst("v1pre3/".count)
            await ServiceClient(simulator).call("POST", "\(href)/properties", body: Array(body.utf8))
        }
    }
}
