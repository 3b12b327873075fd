/// The JSON forms of runs. No run was recorded: names and kinds of values are those of the SDKs.
extension Model {
    func compact(_ run: Run) -> JSON {
        let isOver = ![Run.Status.new, .ready, .running, .paused, .uploading].contains(run.status)
        let head: JSON = [
            "Id": text(run.id), "Href": .string("v1pre3/runs/\(run.id)"), "Name": .string(run.name),
            "ExperimentName": .string(run.experimentName), "Number": .integer(run.number),
            "Status": .string(run.status.rawValue), "Workflow": "GenerateFASTQ", "PlatformName": .string(run.platform),
            "InstrumentName": .string(run.instrument), "InstrumentType": .string(run.platform),
            "ReagentBarcode": .string(run.reagentBarcode), "FlowcellBarcode": .string(run.flowcellBarcode),
            "Instrument": [
                "InstrumentId": 1, "Name": .string(run.instrument), "SerialNumber": .string(run.instrument),
            ],
            "UserOwnedBy": compactUser(), "UserUploadedBy": compactUser(), "DateCreated": dates(run.created),
            "DateModified": dates(run.modified), "DateInstrumentStarted": dates(run.created),
        ]
        let completed = isOver ? [JSON.Member("DateInstrumentCompleted", dates(run.modified))] : []
        let tail: JSON = [
            "TotalSize": .integer(size(of: .run(run.id))), "NumCyclesRead1": 0, "NumCyclesRead2": 0,
            "NumCyclesIndex1": 0, "NumCyclesIndex2": 0, "HasCollaborators": false, "IsArchived": false,
            "IsZipping": false, "IsZipped": false, "IsUnzipping": false, "IsTransferPending": false,
            "LaneAndQcStatus": .string(run.laneAndQcStatus), "LimsStatus": "NoLims",
            "HrefBaseSpaceUI": .string("https://basespace.example/run/\(run.id)/\(run.experimentName.slug)"),
            "SequencingStats": sequencingStats(of: run), "AnalysisSettings": [:],
            "PrepSettings": ["ReverseComplementI5Index": false],
        ]
        return head.appending(completed + tail.members)
    }

    func full(_ run: Run) -> JSON {
        let href = "v1pre3/runs/\(run.id)"
        let head: JSON = [
            "HrefFiles": .string("\(href)/files"), "HrefSamples": .string("\(href)/samples"),
            "DateUploadStarted": dates(run.created), "DateUploadCompleted": dates(run.modified), "LibraryCount": 0,
            "Properties": propertyContainer(of: EntityID(.runs, run.id)),
        ]
        return head.appending(compact(run).members)
    }

    /// Numbers that look like those of a MiSeq run; the keys are flat.
    func sequencingStats(of run: Run) -> JSON {
        let stats: JSON = [
            "Href": .string("v1pre3/runs/\(run.id)/sequencingstats"), "Chemistry": "Amplicon", "ErrorRate": 0.8,
            "ErrorRateR1": 0.7, "ErrorRateR2": 0.9, "IntensityCycle1": 180.5, "IsIndexed": true, "MaxCycleCalled": 318,
            "MaxCycleExtracted": 318, "MaxCycleScored": 318, "MinCycleCalled": 318, "MinCycleExtracted": 318,
            "MinCycleScored": 318, "NonIndexedErrorRate": 0.8, "NonIndexedIntensityCycle1": 180.5,
            "NonIndexedPercentAligned": 5.5, "NonIndexedPercentGtQ30": 92.5, "NonIndexedProjectedTotalYield": 5.5,
            "NonIndexedYieldTotal": 5.5, "NumCyclesIndex1": 8, "NumCyclesIndex2": 8, "NumCyclesRead1": 151,
            "NumCyclesRead2": 151, "NumLanes": 1, "NumReads": 4, "NumSurfaces": 2, "NumSwathsPerLane": 1,
            "NumTilesPerSwath": 14, "PercentAligned": 5.5, "PercentGtQ30": 92.5, "PercentGtQ30R1": 94.5,
            "PercentGtQ30R2": 90.5, "PercentGtQ30Last10Cycles": 85.5, "PercentPf": 0.93, "PercentResynthesis": 0.5,
            "PhasingR1": 0.1, "PhasingR2": 0.15, "PrePhasingR1": 0.05, "PrePhasingR2": 0.06,
            "ProjectedTotalYield": 5.5, "ReadsPfTotal": 18_000_000, "ReadsTotal": 19_000_000, "YieldTotal": 5.5,
            "Clusters": 19_000_000, "ClustersPf": 18_000_000, "ClusterDensity": 950_000, "Occupancy": 0.5,
            "PercentLoadingConcentration": 0.5,
        ]
        return stats
    }
}

extension String {
    /// As the service's web pages write a name in their addresses.
    var slug: String { split { !$0.isLetter && !$0.isNumber }.joined(separator: "-") }
}
