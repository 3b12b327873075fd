import BaseSpaceAPI
import Foundation
import Testing

struct EntityModelTests {
    private static let second = Timestamp(seconds: 1)
    private static let dates =
        #""DateCreated":"1970-01-01T00:00:01.0000000Z","DateModified":"1970-01-01T00:00:01.0000000Z""#

    @Test func runs() throws {
        let run: Run = try decode(
            #"""
            {"Id":"9","Name":"240101_M00001_0001_000000000-AAAAA","Number":1,"ExperimentName":"Mice ","Status":"Complete",
            \#(Self.dates),"UserOwnedBy":{"Id":"3"},"TotalSize":5000000000,"Href":"v1pre3/runs/9",
            "SequencingStats":{"Chemistry":"x"}}
            """#
        )
        #expect(
            run
                == Run(
                    id: "9",
                    name: "240101_M00001_0001_000000000-AAAAA",
                    experimentName: "Mice ",
                    status: "Complete",
                    created: Self.second,
                    modified: Self.second,
                    totalSize: 5_000_000_000,
                    ownerID: "3",
                    href: "v1pre3/runs/9"
                )
        )
        #expect(run.isFinal)
        for status in ["Running", "Uploading", "NeedsAttention", "Analyzing"] {
            #expect(!Run(id: "1", name: "r", status: status).isFinal)
        }
        #expect(try decode(#"{"Id":"9"}"#) == Run(id: "9", name: "9"))
    }

    @Test func datasets() throws {
        let dataset: Dataset = try decode(
            #"""
            {"Id":"ds.1","Href":"https://api.example/v2/datasets/ds.1","Name":"S1_L001",\#(Self.dates),"TotalSize":7,
            "IsArchived":true,"AppSession":{"Id":"5"},"Project":{"Id":"2"},"V1pre3Id":"sample.4",
            "DatasetType":{"Id":"illumina.fastq.v1.8","ConformsToIds":["common.files","common.fastq"]}}
            """#
        )
        #expect(dataset.id == "ds.1" && dataset.name == "S1_L001" && dataset.totalSize == 7 && dataset.isArchived)
        #expect(dataset.created == Self.second && dataset.modified == Self.second)
        #expect(dataset.appSessionID == "5" && dataset.projectID == "2" && dataset.v1Name == "sample.4")
        #expect(dataset.typeID == "illumina.fastq.v1.8" && dataset.conformsTo == ["common.files", "common.fastq"])
        #expect(dataset.href == "https://api.example/v2/datasets/ds.1")
        #expect(try decode(#"{"Id":"ds.2"}"#) == Dataset(id: "ds.2", name: "ds.2"))
    }

    @Test func bioSamplesAndGenomes() throws {
        let bioSample: BioSample = try decode(
            #"""
            {"Id":"8","Href":"h","BioSampleName":"B","DefaultProject":{"Id":"2"},"UserOwnedBy":{"Id":"3"},\#(Self.dates),
            "Status":"New","LabStatus":"Sequencing"}
            """#
        )
        #expect(
            bioSample
                == BioSample(
                    id: "8",
                    name: "B",
                    created: Self.second,
                    modified: Self.second,
                    status: "New",
                    labStatus: "Sequencing",
                    defaultProjectID: "2",
                    ownerID: "3",
                    href: "h"
                )
        )
        let mouse: Genome = try decode(
            #"{"Id":5,"DisplayName":"Mus musculus - UCSC (mm9)","SpeciesName":"Mus musculus","Source":"UCSC","Build":"mm9"}"#
        )
        #expect(mouse.name == "Mus musculus - UCSC (mm9)" && mouse.source == "UCSC" && mouse.id == "5")
        #expect(try decode(#"{"Id":"5","SpeciesName":"M","Build":"b"}"#, as: Genome.self).name == "M b")
        #expect(try decode(#"{"Id":"5"}"#, as: Genome.self).name == "5")
    }

    @Test func samplesInFull() throws {
        let sample: Sample = try decode(
            #"""
            {"Id":"1","Href":"v1pre3/samples/1","Name":"S","SampleId":"S-1","ExperimentName":"E","SampleNumber":3,"Read1":151,
            "Read2":0,"NumReadsRaw":5000000000,"NumReadsPF":4,"IsPairedEnd":false,"AppSession":{"Id":"6"}}
            """#
        )
        #expect(
            sample
                == Sample(
                    id: "1",
                    name: "S",
                    sheetID: "S-1",
                    experimentName: "E",
                    appSessionID: "6",
                    sampleNumber: 3,
                    readsRaw: 5_000_000_000,
                    readsPassedFilter: 4,
                    read1: 151,
                    read2: 0,
                    isPairedEnd: false,
                    href: "v1pre3/samples/1"
                )
        )
    }

    @Test func sessionsInFull() throws {
        let session: AppSession = try decode(
            #"""
            {"Id":"5","Href":"v1pre3/appsessions/5","Name":"a","Status":"Complete","DateCompleted":"1970-01-01T00:00:01Z",
            "Application":{"Id":"7","Name":"Align","VersionNumber":"1.0","CompanyName":"C"},"UserCreatedBy":{"Id":"3"},
            "TotalSize":9,"HrefLogs":"v1pre3/appsessions/5/filesets/1"}
            """#
        )
        #expect(session.application == Application(id: "7", name: "Align", version: "1.0", company: "C"))
        #expect(session.completed == Self.second && session.creatorID == "3" && session.totalSize == 9)
        #expect(session.href == "v1pre3/appsessions/5" && session.logs == .logs("1", session: "5"))
    }

    @Test(arguments: [
        ("https://api.example/v1pre3/appsessions/5/filesets/1", true), ("/v1pre3/appsessions/5/filesets/1/", true),
        ("v1pre3/appsessions/5/logs", false), ("v1pre3/filesets/1", false), ("v1pre3/appsessions/5/filesets", false),
        ("", false),
    ])
    func logsAreFoundByTheirLink(_ link: String, _ known: Bool) {
        let session = AppSession(id: "5", name: "a", status: .complete, logsHref: link)
        #expect(session.logs == (known ? .logs("1", session: "5") : nil))
    }

    @Test func tokensAreDescribedWithoutThem() throws {
        let info: TokenInfo = try decode(
            #"""
            {"Id":"11","AccessToken":"SECRET","Application":{"Id":"7","Name":"Mount"},"Status":"Active",
            "UserResourceOwner":{"Id":"3","Name":"U","Email":"u@example.org"},\#(Self.dates),
            "Scopes":["READ GLOBAL","BROWSE PROJECT 2"]}
            """#
        )
        #expect(info.scopes == ["READ GLOBAL", "BROWSE PROJECT 2"] && info.application?.name == "Mount")
        #expect(info.user == User(id: "3", name: "U", email: "u@example.org") && info.created == Self.second)
        var dumped = ""
        dump(info, to: &dumped)
        #expect(!"\(info)".contains("SECRET") && !dumped.contains("SECRET"))
        #expect(try decode(#"{"Scopes":[]}"#) == TokenInfo(scopes: []))
        #expect(throws: DecodingError.self) { try decode(#"{"Id":"11"}"#, as: TokenInfo.self) }
    }

    @Test func containersHaveNamesOfTheirOwn() {
        let containers: [FileContainer] = [
            .appResult("1"), .sample("1"), .run("1"), .dataset("1"), .logs("1", session: "2"), .logs("1", session: "3"),
        ]
        #expect(Set(containers.map(\.description)).count == containers.count)
        #expect(FileContainer.logs("1", session: "2").id == "2/1" && FileContainer.dataset("ds.1").id == "ds.1")
        #expect(containers.filter(\.takesUploads) == [.appResult("1"), .sample("1")])
    }
}
