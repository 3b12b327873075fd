extension FileContainer: CustomStringConvertible {
    /// The id of what contains the files; of logs the session's id and the set's, `17/1`, since the latter alone says
    /// nothing.
    public var id: EntityID {
        switch self {
        case .appResult(let id), .sample(let id), .run(let id), .dataset(let id): id
        case .logs(let id, let session): EntityID("\(session)/\(id)")
        }
    }

    /// `AppResult 17`.
    public var description: String {
        switch self {
        case .appResult(let id): "AppResult \(id)"
        case .sample(let id): "Sample \(id)"
        case .run(let id): "Run \(id)"
        case .dataset(let id): "Dataset \(id)"
        case .logs(let id, let session): "Logs \(id) of AppSession \(session)"
        }
    }

    /// The path of its resource.
    var segments: [String] {
        switch self {
        case .appResult(let id): EntityKind.appResult.segments(id)
        case .sample(let id): EntityKind.sample.segments(id)
        case .run(let id): EntityKind.run.segments(id)
        case .dataset(let id): EntityKind.dataset.segments(id)
        case .logs(let id, let session): EntityKind.appSession.segments(session) + ["filesets", id.rawValue]
        }
    }

    /// Whether files can be uploaded to it through v1pre3: AppResults and samples take them (Illumina's documentation),
    /// runs and logs get theirs from machines, and datasets have other calls for it.
    public var takesUploads: Bool {
        switch self {
        case .appResult, .sample: true
        case .run, .dataset, .logs: false
        }
    }
}

extension AppSession {
    /// Where its log files are; `nil` when the session names none or names them in a way that is not known.
    ///
    /// The link is `v1pre3/appsessions/{id}/filesets/{number}` in Illumina's SDKs, and their files are read at `/files`
    /// below it, like those of every other container.
    public var logs: FileContainer? {
        let parts = logsHref?.split(separator: "/").map { String($0) } ?? []
        guard let index = parts.firstIndex(of: "appsessions"), parts.count >= index + 4, parts[index + 2] == "filesets"
        else { return nil }
        return .logs(EntityID(parts[index + 3]), session: EntityID(parts[index + 1]))
    }
}
