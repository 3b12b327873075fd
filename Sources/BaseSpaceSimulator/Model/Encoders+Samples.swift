/// The JSON forms of samples.
extension Model {
    func compact(_ sample: Sample) -> JSON {
        let session = sessions[sample.session]
        let owner = projects[sample.project].map(compact) ?? .null
        return [
            "Id": text(sample.id), "Href": .string("v1pre3/samples/\(sample.id)"), "IsMerged": false,
            "UserOwnedBy": compactUser(), "Name": .string(sample.name),
            "ExperimentName": .string(sample.experimentName),
            "SampleId": .string(sample.sampleID ?? sample.name), "Status": .string(session?.life.status.rawValue ?? ""),
            "StatusSummary": .string(session?.statusSummary ?? ""), "DateCreated": dates(sample.created),
            "TotalSize": .integer(size(of: .sample(sample.id))), "Library": library(of: sample, project: owner),
            "Genome": Genome.hg19.compact, "Read1": .integer(sample.reads.first),
            "Read2": .integer(sample.reads.second), "NumReadsPF": .integer(sample.clusters),
            "NumReadsRaw": .integer(sample.clusters), "TotalReadsRaw": .integer(sample.totalReads),
            "TotalReadsPF": .integer(sample.totalReads), "TotalClustersRaw": .integer(sample.clusters),
            "TotalClustersPF": .integer(sample.clusters), "IsPairedEnd": .bool(sample.isPairedEnd),
        ]
    }

    func full(_ sample: Sample) -> JSON {
        let href = "v1pre3/samples/\(sample.id)"
        let head: JSON = [
            "HrefFiles": .string("\(href)/files"), "HrefGenome": "v1pre3/genomes/4", "SampleNumber": 1,
            "References": [], "Properties": propertyContainer(of: EntityID(.samples, sample.id)),
        ]
        return head.appending(compact(sample).members).appending(
            owners(session: sample.session, project: sample.project)
        )
    }

    /// The wet-lab description of a sample, which repeats its project twice: most of a sample's 4–5 kB.
    private func library(of sample: Sample, project: JSON) -> JSON {
        let modified = dates(sample.created)
        let biological = bioSample(of: sample)
        return [
            "OwnerUser": compactUser(), "Id": text(sample.id), "Href": .string("v1pre3/libraries/\(sample.id)"),
            "BiologicalSample": [
                "Id": text(biological), "Href": .string("v1pre3/biologicalsamples/\(biological)"),
                "UserSampleId": .string(sample.name), "NucleicAcid": "Undefined", "Project": project,
                "UserOwnedBy": compactUser(), "DateModified": modified,
            ],
            "Index1": ["Id": "1", "Name": "7015", "Sequence": "TCTCTACT", "Incompatibility": "None"],
            "Index2": ["Id": "2", "Name": "5002", "Sequence": "GATATCGA", "Incompatibility": "None"],
            "DateModified": modified,
            "LibraryPrep": [
                "Id": "3", "Href": "v1pre3/libraryprepkits/3", "Name": "Unknown",
                "ValidIndexingStrategies": "None,SingleIndex,DualIndex", "ValidReadTypes": "SingleRead,PairedEnd",
                "NumIndexCycles": 0, "DateModified": modified, "State": "Active", "DefaultRead1Cycles": 0,
                "DefaultRead2Cycles": 0,
            ],
            "Project": project, "LibraryName": .string(sample.name), "State": "Active",
        ]
    }
}

extension Sample {
    var isPairedEnd: Bool { reads.second > 0 }

    /// Both reads of every cluster.
    var totalReads: Int64 { clusters * (isPairedEnd ? 2 : 1) }
}
