/// The JSON forms of AppResults and AppSessions.
extension Model {
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
            "References": appResult.references,
            "Properties": propertyContainer(of: EntityID(.appResults, appResult.id)),
        ]
        let projects = owners(session: appResult.session, project: appResult.project).filter { $0.name == "Projects" }
        return head.appending(compact(appResult).members).appending(projects)
    }

    func owners(session: Int64, project: Int64) -> [JSON.Member] {
        [
            JSON.Member("AppSession", sessions[session].map(compact) ?? .null),
            JSON.Member("Projects", .array(projects[project].map { [compact($0)] } ?? [])),
        ]
    }

    func compact(_ session: AppSession) -> JSON {
        let head: JSON = [
            "Id": text(session.id), "Name": .string(session.name), "Href": .string("v1pre3/appsessions/\(session.id)"),
            "Application": (applications[session.application] ?? .simulated).compact, "UserCreatedBy": compactUser(),
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
            "Properties": propertyContainer(of: EntityID(.sessions, session.id)),
            "Purpose": .string(session.purpose),
        ]
        // A choice of the simulator's: nothing public shows how the service keeps what an app was launched with.
        let payload = session.launchPayload.map { [JSON.Member("LaunchPayload", $0)] } ?? []
        return head.appending(compact(session).members).appending(payload)
    }
}
