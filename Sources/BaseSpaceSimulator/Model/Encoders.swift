/// The JSON forms of the entities: compact in lists and inside other entities, full on their own. The order and the sets
/// of keys are the recorded ones.
extension Model {
    private func dates(_ date: ServiceDate) -> JSON { .string(date.iso8601) }

    private func text(_ id: Int64) -> JSON { .string(String(id)) }

    /// The container of properties, which is empty until somebody sets one.
    private func properties(of href: String) -> JSON {
        ["Items": [], "DisplayedCount": 0, "TotalCount": 0, "Href": .string("\(href)/properties")]
    }

    // MARK: Users

    /// A user inside another entity: its date is the service's "no date".
    func compactUser() -> JSON {
        [
            "Id": text(user.id), "Href": .string("v1pre3/users/\(user.id)"), "Name": .string(user.name),
            "DateCreated": dates(.none), "GravatarUrl": "https://secure.gravatar.com/avatar/0?s=20",
        ]
    }

    func fullUser() -> JSON {
        let href = "v1pre3/users/\(user.id)"
        return [
            "Email": .string(user.email), "DateLastActive": dates(user.created),
            "HrefRuns": .string("\(href)/runs"), "HrefProjects": .string("\(href)/projects"),
            "HrefHistory": .string("\(href)/history"), "Roles": ["BasicUser"],
            "Id": text(user.id), "Href": .string(href), "Name": .string(user.name), "DateCreated": dates(user.created),
            "GravatarUrl": "https://secure.gravatar.com/avatar/0?s=20",
        ]
    }

    // MARK: Projects

    func compact(_ project: Project) -> JSON {
        [
            "Id": text(project.id), "UserOwnedBy": compactUser(), "Href": .string("v1pre3/projects/\(project.id)"),
            "Name": .string(project.name), "Description": .string(project.description),
            "DateCreated": dates(project.created), "DateModified": dates(project.modified), "HasCollaborators": false,
            "TotalSize": .integer(size(of: project)),
        ]
    }

    func full(_ project: Project) -> JSON {
        let href = "v1pre3/projects/\(project.id)"
        let slug = project.name.split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
        let head: JSON = [
            "HrefSamples": .string("\(href)/samples"), "HrefAppResults": .string("\(href)/appresults"),
            "HrefBaseSpaceUI": .string("https://basespace.example/project/\(project.id)/\(slug)"),
            "Properties": properties(of: href),
        ]
        return head.appending(compact(project).members)
    }

    // MARK: Samples

    func compact(_ sample: Sample) -> JSON {
        let session = sessions[sample.session]
        let owner = projects[sample.project].map(compact) ?? .null
        return [
            "Id": text(sample.id), "Href": .string("v1pre3/samples/\(sample.id)"), "IsMerged": false,
            "UserOwnedBy": compactUser(), "Name": .string(sample.name), "ExperimentName": "Simulated experiment",
            "SampleId": .string(sample.name), "Status": .string(session?.life.status.rawValue ?? ""),
            "StatusSummary": .string(session?.statusSummary ?? ""), "DateCreated": dates(sample.created),
            "TotalSize": .integer(size(of: .sample(sample.id))), "Library": library(of: sample, project: owner),
            "Genome": Genomes.hg19, "Read1": 151, "Read2": 151, "NumReadsPF": 0, "NumReadsRaw": 0, "TotalReadsRaw": 0,
            "TotalReadsPF": 0, "TotalClustersRaw": 0, "TotalClustersPF": 0, "IsPairedEnd": true,
        ]
    }

    func full(_ sample: Sample) -> JSON {
        let href = "v1pre3/samples/\(sample.id)"
        let head: JSON = [
            "HrefFiles": .string("\(href)/files"), "HrefGenome": "v1pre3/genomes/4", "SampleNumber": 1,
            "References": [], "Properties": properties(of: href),
        ]
        return head.appending(compact(sample).members).appending(
            owners(session: sample.session, project: sample.project)
        )
    }

    /// The wet-lab description of a sample, which repeats its project twice: most of a sample's 4–5 kB.
    private func library(of sample: Sample, project: JSON) -> JSON {
        let modified = dates(sample.created)
        return [
            "OwnerUser": compactUser(), "Id": text(sample.id), "Href": .string("v1pre3/libraries/\(sample.id)"),
            "BiologicalSample": [
                "Id": text(sample.id), "Href": .string("v1pre3/biologicalsamples/\(sample.id)"),
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

    // MARK: AppResults and AppSessions

    func compact(_ appResult: AppResult) -> JSON {
        let session = sessions[appResult.session]
        return [
            "Id": text(appResult.id), "Href": .string("v1pre3/appresults/\(appResult.id)"),
            "UserOwnedBy": compactUser(), "Name": .string(appResult.name),
            "Status": .string(session?.life.status.rawValue ?? ""),
            "StatusSummary": .string(session?.statusSummary ?? ""), "DateCreated": dates(appResult.created),
            "TotalSize": .integer(size(of: .appResult(appResult.id))),
            "AppSession": session.map(compact) ?? .null,
        ]
    }

    func full(_ appResult: AppResult) -> JSON {
        let href = "v1pre3/appresults/\(appResult.id)"
        let head: JSON = [
            "Description": .string(appResult.description), "HrefFiles": .string("\(href)/files"),
            "References": appResult.references, "Properties": properties(of: href),
        ]
        let projects = owners(session: appResult.session, project: appResult.project).filter { $0.name == "Projects" }
        return head.appending(compact(appResult).members).appending(projects)
    }

    private func owners(session: Int64, project: Int64) -> [JSON.Member] {
        [
            JSON.Member("AppSession", sessions[session].map(compact) ?? .null),
            JSON.Member("Projects", .array(projects[project].map { [compact($0)] } ?? [])),
        ]
    }

    func compact(_ session: AppSession) -> JSON {
        let head: JSON = [
            "Id": text(session.id), "Name": .string(session.name), "Href": .string("v1pre3/appsessions/\(session.id)"),
            "Application": Application.compact, "UserCreatedBy": compactUser(),
            "Status": .string(session.life.status.rawValue), "QcStatus": "Undefined",
            "StatusSummary": .string(session.statusSummary), "DateCreated": dates(session.created),
            "ModifiedOn": dates(session.modified),
        ]
        let completed = session.completed.map { [JSON.Member("DateCompleted", dates($0))] } ?? []
        return head.appending(completed + [JSON.Member("TotalSize", .integer(size(of: session)))])
    }

    func full(_ session: AppSession) -> JSON {
        let href = "v1pre3/appsessions/\(session.id)"
        let head: JSON = [
            "OriginatingUri": "", "HrefLogs": .string("\(href)/filesets/1"), "RunningDuration": 0, "References": [],
            "Properties": properties(of: href), "Purpose": "AppUpload",
        ]
        return head.appending(compact(session).members)
    }

    // MARK: Files

    /// A file in a list; `content` is a signed URL if the client asked for one.
    func compact(_ file: File, etag: String?, content: String? = nil) -> JSON {
        JSON.object(members(of: file, content: content)).appending(
            etagMember(etag) + [JSON.Member("IdAsLong", .integer(file.id))]
        )
    }

    /// A file on its own: without `IdAsLong`, which the service sends in lists only.
    func full(_ file: File, etag: String?, content: String? = nil) -> JSON {
        let head: JSON = [
            "UploadStatus": .string(file.uploadStatus.rawValue),
            "Properties": properties(of: "v1pre3/files/\(file.id)"),
        ]
        let parts =
            file.uploadStatus == .pending ? [JSON.Member("HrefParts", .string("v1pre3/files/\(file.id)/parts"))] : []
        let parent: [JSON.Member] =
            switch file.container {
            case .sample(let id): samples[id].map { [JSON.Member("ParentSample", compact($0))] } ?? []
            case .appResult(let id): appResults[id].map { [JSON.Member("ParentAppResult", compact($0))] } ?? []
            }
        return head.appending(parts + members(of: file, content: content) + parent + etagMember(etag))
    }

    private func members(of file: File, content: String?) -> [JSON.Member] {
        let href = "v1pre3/files/\(file.id)"
        let object: JSON = [
            "Id": text(file.id), "Href": .string(href), "HrefContent": .string(content ?? "\(href)/content"),
            "Name": .string(file.name), "ContentType": .string(file.contentType), "Size": .integer(file.size),
            "Path": .string(file.path), "IsArchived": false, "DateCreated": dates(file.created),
            "DateModified": dates(file.modified),
        ]
        return object.members
    }

    private func etagMember(_ etag: String?) -> [JSON.Member] {
        etag.map { [JSON.Member("ETag", .string($0))] } ?? []
    }
}
