/// The JSON forms of v2: absolute links, and other words for some things.
extension Model {
    func userV2(root: String) -> JSON {
        [
            "Id": text(user.id), "Href": .string("\(root)/v2/users/\(user.id)"), "Name": .string(user.name),
            "DateCreated": dates(user.created), "GravatarUrl": "https://secure.gravatar.com/avatar/0?s=20",
            "HrefProperties": .string("\(root)/v2/users/current/properties"), "ExternalDomainId": "U0lNVUxBVE9S",
        ]
    }

    func compactV2(_ project: Project, root: String) -> JSON {
        [
            "Id": text(project.id), "UserOwnedBy": userV2(root: root),
            "Href": .string("\(root)/v2/projects/\(project.id)"), "Name": .string(project.name),
            "Description": .string(project.description), "DateCreated": dates(project.created),
            "DateModified": dates(project.modified), "HasCollaborators": false,
            "TotalSize": .integer(size(of: project)),
        ]
    }

    func fullV2(_ project: Project, root: String) -> JSON {
        let href = "\(root)/v2/projects/\(project.id)"
        return compactV2(project, root: root).appending([
            JSON.Member("HrefDatasets", .string("\(href)/datasets")),
            JSON.Member(
                "HrefBaseSpaceUI",
                .string("https://basespace.example/project/\(project.id)/\(project.name.slug)")
            ),
            JSON.Member("HasFilesInIca", false), JSON.Member("IsDeleted", false),
        ])
    }

    func compactV2(_ session: AppSession, root: String) -> JSON {
        let href = "\(root)/v2/appsessions/\(session.id)"
        let head: JSON = [
            "Id": text(session.id), "Name": .string(session.name), "Href": .string(href),
            "Application": (applications[session.application] ?? .simulated).compact,
            "UserCreatedBy": userV2(root: root), "ExecutionStatus": .string(session.life.status.rawValue),
            "QcStatus": "Undefined", "StatusSummary": .string(session.statusSummary),
            "Purpose": .string(session.purpose), "DateCreated": dates(session.created),
            "DateModified": dates(session.modified),
        ]
        let completed = session.completed.map { [JSON.Member("DateCompleted", dates($0))] } ?? []
        let tail: JSON = [
            "TotalSize": .integer(size(of: session)), "DeliveryStatus": "None", "ContainsComments": false,
            "HrefComments": .string("\(href)/comments"),
        ]
        return head.appending(completed + tail.members)
    }

    func compactV2(_ bioSample: BioSample, root: String) -> JSON {
        let head: JSON = [
            "Id": text(bioSample.id), "Href": .string("\(root)/v2/biosamples/\(bioSample.id)"),
            "UserOwnedBy": userV2(root: root), "BioSampleName": .string(bioSample.name),
        ]
        // Inside v2 a project may still have the form of v1.
        let project = projects[bioSample.project].map { [JSON.Member("DefaultProject", compact($0))] } ?? []
        let tail: JSON = [
            "DateModified": dates(bioSample.created), "DateCreated": dates(bioSample.created), "Status": "New",
            "LabStatus": "Sequencing",
        ]
        return head.appending(project + tail.members)
    }

    // MARK: Datasets

    /// A Sample or an AppResult as a dataset; nil if it is neither or gone.
    func dataset(_ container: ContainerID, root: String, properties wanted: [String]?) -> JSON? {
        guard let owners = owners(of: container) else { return nil }
        let sample: Sample? = if case .sample(let id) = container { samples[id] } else { nil }
        let appResult: AppResult? = if case .appResult(let id) = container { appResults[id] } else { nil }
        guard let name = sample?.name ?? appResult?.name, let created = sample?.created ?? appResult?.created else {
            return nil
        }
        let id = DatasetIndex.id(of: container)
        let href = "\(root)/v2/datasets/\(id)"
        let head: JSON = [
            "Id": .string(id), "Href": .string(href), "HrefFiles": .string("\(href)/files"), "Name": .string(name),
            "DateCreated": dates(created), "DateModified": dates(created),
            "AppSession": compactV2(owners.session, root: root), "Project": compactV2(owners.project, root: root),
            "TotalSize": .integer(size(of: container)), "IsArchived": false, "UserOwnedBy": userV2(root: root),
            "DatasetType": Self.datasetType(isFastq: sample != nil, root: root),
        ]
        let attributes = sample.map { [JSON.Member("Attributes", Self.attributes($0))] } ?? []
        let properties = wanted.map { wanted in
            [JSON.Member("Properties", propertyContainerV2(of: container.entity, href: href, wanted: wanted))]
        }
        let tail: JSON = [
            "QcStatus": "Undefined", "QcStatusSummary": "No thresholds were evaluated",
            "UploadStatus": .string(owners.session.life.isFinal ? "Completed" : "Uploading"),
            "UploadStatusSummary": "", "ValidationStatus": "Passed",
            "V1pre3Id": .string("\(container.entity.kind.type).\(container.id)"),
            "HrefComments": .string("\(href)/comments"), "ContainsComments": false,
        ]
        return head.appending(attributes + (properties ?? []) + tail.members)
    }

    private static func datasetType(isFastq: Bool, root: String) -> JSON {
        let id = isFastq ? "illumina.fastq.v1.8" : "common.files"
        return [
            "Id": .string(id), "Href": .string("\(root)/v2/datasettypes/\(id)"),
            "Name": isFastq ? "Illumina Fastq" : "Common Files",
            "ConformsToIds": isFastq ? ["common.files", "common.fastq"] : [],
        ]
    }

    private static func attributes(_ sample: Sample) -> JSON {
        [
            "common_fastq": [
                "MaxLengthRead1": .integer(sample.reads.first), "MaxLengthRead2": .integer(sample.reads.second),
                "IsPairedEnd": .bool(sample.isPairedEnd), "TotalClustersPF": .integer(sample.clusters),
                "TotalClustersRaw": .integer(sample.clusters), "TotalReadsPF": .integer(sample.totalReads),
                "TotalReadsRaw": .integer(sample.totalReads), "MaxLengthIndexRead1": 8, "MaxLengthIndexRead2": 8,
            ]
        ]
    }

    /// Properties as v2 shows them: a key of its own for each type.
    ///
    /// - Parameter wanted: names; none for all.
    func propertyContainerV2(of entity: EntityID, href: String, wanted: [String]) -> JSON {
        let all = properties(of: entity).filter { wanted.isEmpty || wanted.contains($0.name) }
        let items = all.map { property -> JSON in
            let link = "\(href)/properties/\(property.name)"
            let prefix =
                switch property.kind {
                case .string: ""
                case .map: "Map"
                case .reference(let kind): kind.word
                }
            let shown = compact(property, of: entity)
            let content: [JSON.Member] =
                if property.isList {
                    [
                        JSON.Member("\(prefix)Items", shown["Items"] ?? []),
                        JSON.Member("HrefItems", .string("\(link)/items")),
                        JSON.Member("ItemsDisplayedCount", shown["ItemsDisplayedCount"] ?? 0),
                        JSON.Member("ItemsTotalCount", shown["ItemsTotalCount"] ?? 0),
                    ]
                } else {
                    [JSON.Member(property.kind == .map ? "ContentMap" : "\(prefix)Content", shown["Content"] ?? .null)]
                }
            let head: JSON = [
                "Type": .string(property.type), "Href": .string(link), "Name": .string(property.name),
                "Description": .string(property.description),
            ]
            return head.appending(content)
        }
        return [
            "Items": .array(items), "DisplayedCount": .integer(Int64(items.count)),
            "TotalCount": .integer(Int64(items.count)), "Href": .string("\(href)/properties"),
        ]
    }

    // MARK: Runs and files

    func compactV2(_ run: Run, root: String) -> JSON {
        let isUploading = [Run.Status.running, .uploading].contains(run.status)
        return absolute(compact(run), root: root).appending([
            JSON.Member("InstrumentRunStatus", isUploading ? "Running" : "Completed"),
            JSON.Member("UploadStatus", isUploading ? "Uploading" : "Completed"),
            JSON.Member("FlowcellPosition", "A"), JSON.Member("SampleSheetName", "SampleSheet.csv"),
            JSON.Member("V1Pre3Id", text(run.id)), JSON.Member("IsDeleted", false),
            JSON.Member("IsFileDataDeleted", false), JSON.Member("HasFilesInIca", false),
        ])
    }

    /// A form of v1 with absolute links in its own members; what is inside of it keeps those of v1. Coverage, variants
    /// and parts of an upload are v1's alone.
    func absolute(_ form: JSON, root: String) -> JSON {
        .object(
            form.members.map { member in
                guard case .string(let value) = member.value, value.hasPrefix("v1pre3/") else { return member }
                let isV2 = ["Href", "HrefContent", "HrefFiles"].contains(member.name)
                let path = isV2 ? "v2/\(value.dropFirst("v1pre3/".count))" : value
                return JSON.Member(member.name, .string("\(root)/\(path)"))
            }
        )
    }
}
