import Digests

/// What tests and the control interface do to the service behind its clients' backs: things appear, change and vanish.
extension Services {
    func addProject(named name: String, description: String = "") -> EntityID {
        let now = clock.now.wholeSeconds
        return withModel { model in
            let project = Project(
                id: model.makeID(),
                name: name,
                description: description,
                created: now,
                modified: now
            )
            model.projects.insert(project)
            return EntityID(.projects, project.id)
        }
    }

    func addApplication(named name: String) -> Int64 {
        let now = clock.now.wholeSeconds
        return withModel { model in
            let application = Application(id: model.makeID(), name: name, created: now)
            model.applications.insert(application)
            return application.id
        }
    }

    func addSession(named name: String, status: String, application: Int64? = nil) throws(Simulator.Misuse) -> EntityID
    {
        let status = try sessionStatus(status)
        let now = clock.now
        return withModel { model in
            var session = AppSession(
                id: model.makeID(),
                name: name,
                life: SessionLifeCycle(status: status, since: now),
                statusSummary: "",
                created: now.wholeSeconds,
                modified: now.wholeSeconds
            )
            session.application = application ?? session.application
            if session.life.isFinal { session.completed = now.wholeSeconds }
            model.insert(session)
            return EntityID(.sessions, session.id)
        }
    }

    /// - Parameter session: nil for one of its own that is Complete.
    func addContainer(
        _ kind: EntityKind,
        named name: String,
        project: EntityID,
        session: EntityID?
    ) throws(Simulator.Misuse) -> EntityID {
        try check(project, is: .projects)
        if let session { try check(session, is: .sessions) }
        let now = clock.now.wholeSeconds
        let session =
            if let session { session } else {
                try addSession(named: "\(Application.name) \(now.sessionNameSuffix)", status: "Complete")
            }
        return withModel { model in
            let id = model.makeID()
            if kind == .samples {
                model.insert(Sample(id: id, name: name, project: project.id, session: session.id, created: now))
            } else {
                model.insert(AppResult(id: id, name: name, project: project.id, session: session.id, created: now))
            }
            return EntityID(kind, id)
        }
    }

    func addRun(named name: String, experiment: String?, status: String) throws(Simulator.Misuse) -> EntityID {
        let status = try runStatus(status)
        let now = clock.now.wholeSeconds
        return withModel { model in
            let run = Run(
                id: model.makeID(),
                name: name,
                experimentName: experiment ?? name,
                status: status,
                created: now,
                modified: now
            )
            model.insert(run)
            return EntityID(.runs, run.id)
        }
    }

    // MARK: Files

    /// Adds files of one content.
    ///
    /// - Returns: their ids in the order of the paths.
    func addFiles(
        _ paths: [String],
        _ content: Simulator.Content,
        contentType: String? = nil,
        to owner: EntityID
    ) throws -> [EntityID] {
        guard let container = owner.container, withModel({ $0.exists(owner) }) else {
            throw Simulator.Misuse(description: "\(owner.href) is not there or takes no files")
        }
        let first = withModel { $0.makeFileID() }
        let (location, size) = try uploads.store(content, for: first)
        let now = clock.now.wholeSeconds
        return withModel { model in
            paths.map { path in
                let file = File(
                    id: model.makeFileID(),
                    container: container,
                    path: path,
                    contentType: contentType ?? ContentTypes.forName(path),
                    size: size,
                    created: now,
                    modified: now,
                    uploadStatus: .complete,
                    location: location
                )
                model.insert(file)
                return EntityID(.files, file.id)
            }
        }
    }

    /// Gives a file another content under its old id, which the live service never does: clients that know it by its
    /// ETag have to notice.
    func replaceContent(of file: EntityID, by content: Simulator.Content) throws {
        try check(file, is: .files)
        let (location, size) = try uploads.store(content, for: file.id)
        let etag = try ETags.md5(ofFileAt: location).hexadecimal
        let now = clock.now.wholeSeconds
        withModel { model in
            guard var changed = model.files[file.id] else { return }
            model.remove(changed)
            changed.location = location
            changed.size = size
            changed.etag = etag
            changed.modified = now
            model.insert(changed)
        }
    }

    func setArchived(_ isArchived: Bool, _ file: EntityID) throws(Simulator.Misuse) {
        try check(file, is: .files)
        withModel { $0.files.update(file.id) { $0.isArchived = isArchived } }
    }

    // MARK: Changes

    /// The status of a run, of a session, or of the session of a Sample or AppResult, whatever it was before.
    func setStatus(_ status: String, summary: String?, of entity: EntityID) throws(Simulator.Misuse) {
        let now = clock.now
        if entity.kind == .runs {
            try check(entity, is: .runs)
            let status = try runStatus(status)
            withModel { model in
                model.runs.update(entity.id) { run in
                    run.status = status
                    run.modified = now.wholeSeconds
                }
            }
            return
        }
        let status = try sessionStatus(status)
        let session = withModel { model in
            entity.kind == .sessions ? entity.id : entity.container.flatMap { model.owners(of: $0)?.session.id }
        }
        guard let session else { throw Simulator.Misuse(description: "\(entity.href) has no status") }
        try check(EntityID(.sessions, session), is: .sessions)
        withModel { $0.force(status, summary: summary, session: session, at: now) }
    }

    func rename(_ entity: EntityID, to name: String) throws(Simulator.Misuse) {
        try check(entity, is: entity.kind)
        let now = clock.now.wholeSeconds
        withModel { model in
            switch entity.kind {
            case .projects:
                model.projects.update(entity.id) { project in
                    project.name = name
                    project.modified = now
                }
            case .samples: model.samples.update(entity.id) { $0.name = name }
            case .appResults: model.appResults.update(entity.id) { $0.name = name }
            case .sessions: model.sessions.update(entity.id) { $0.name = name }
            case .runs:
                model.runs.update(entity.id) { run in
                    run.experimentName = name
                    run.modified = now
                }
            case .files: break
            }
        }
    }

    /// Sets properties as a client that may do everything would.
    func setProperties(_ properties: JSON, on entity: EntityID) throws(Simulator.Misuse) {
        try check(entity, is: entity.kind)
        let now = clock.now.wholeSeconds
        do {
            let payload = try PropertyPayload(["Properties": properties], now: now)
            withModel { model in
                for property in payload.properties { model.set(property, on: entity) }
            }
        } catch {
            throw Simulator.Misuse(description: error.message)
        }
    }

    /// Removes an entity with all that belongs to it.
    func vanish(_ entity: EntityID) throws(Simulator.Misuse) {
        try check(entity, is: entity.kind)
        withModel { model in _ = model.remove(entity) }
    }

    // MARK: The parts

    private func check(_ entity: EntityID, is kind: EntityKind) throws(Simulator.Misuse) {
        guard entity.kind == kind, withModel({ $0.exists(entity) }) else {
            throw Simulator.Misuse(description: "\(entity.href) is no \(kind.word), or is not there")
        }
    }

    private func runStatus(_ name: String) throws(Simulator.Misuse) -> Run.Status {
        if let status = Run.Status(command: name) { return status }
        let known = Run.Status.allCases.map(\.rawValue).joined(separator: ", ")
        throw Simulator.Misuse(description: "\(name) is no status of a run; there are \(known)")
    }

    private func sessionStatus(_ name: String) throws(Simulator.Misuse) -> SessionLifeCycle.Status {
        if let status = SessionLifeCycle.Status(anyCase: name) { return status }
        let known = SessionLifeCycle.Status.allCases.map(\.rawValue).joined(separator: ", ")
        throw Simulator.Misuse(description: "\(name) is no status of a session; there are \(known)")
    }
}
