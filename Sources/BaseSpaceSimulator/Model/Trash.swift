/// Entities that were removed together, with all that is needed to bring them back.
struct Removed: Sendable {
    var projects: [Project] = []
    var sessions: [AppSession] = []
    var samples: [Sample] = []
    var appResults: [AppResult] = []
    var runs: [Run] = []
    var files: [File] = []

    var entities: [EntityID] {
        projects.map { EntityID(.projects, $0.id) } + sessions.map { EntityID(.sessions, $0.id) }
            + samples.map { EntityID(.samples, $0.id) } + appResults.map { EntityID(.appResults, $0.id) }
            + runs.map { EntityID(.runs, $0.id) } + files.map { EntityID(.files, $0.id) }
    }
}

/// Something in the trash.
struct TrashItem: Entity {
    let id: Int64
    var name: String
    /// When it was deleted.
    var created: ServiceDate
    /// What the user deleted.
    let entity: EntityID
    let size: Int64
    /// Its form when it was there.
    let form: JSON
    let removed: Removed
}

extension Model {
    /// Moves an entity with all that belongs to it into the trash; nil if there is none, or if it is a file, which the
    /// service can't delete.
    mutating func moveToTrash(_ entity: EntityID, at now: ServiceDate) -> TrashItem? {
        guard entity.kind != .files, let form = compact(entity) else { return nil }
        let item = TrashItem(
            id: makeID(),
            name: form["Name"]?.text ?? "",
            created: now,
            entity: entity,
            size: form["TotalSize"]?.double.map { Int64($0) } ?? 0,
            form: form,
            removed: remove(entity)
        )
        trash.insert(item)
        return item
    }

    /// Brings back what is in a trash item; what it belonged to must be there.
    mutating func restore(_ item: TrashItem) -> Bool {
        let removed = item.removed
        let projectIDs = Set(removed.projects.map(\.id)), sessionIDs = Set(removed.sessions.map(\.id))
        func isWhole(_ project: Int64, _ session: Int64) -> Bool {
            (projectIDs.contains(project) || projects[project] != nil)
                && (sessionIDs.contains(session) || sessions[session] != nil)
        }
        guard removed.samples.allSatisfy({ isWhole($0.project, $0.session) }),
            removed.appResults.allSatisfy({ isWhole($0.project, $0.session) })
        else { return false }
        for var project in removed.projects {
            project.samples = []
            project.appResults = []
            projects.insert(project)
        }
        removed.sessions.forEach { insert($0) }
        removed.samples.forEach { insert($0) }
        removed.appResults.forEach { insert($0) }
        removed.runs.forEach { insert($0) }
        removed.files.forEach { insert($0) }
        gone.subtract(removed.entities)
        trash.remove(item.id)
        return true
    }

    /// Empties the trash: how many items were in it.
    mutating func emptyTrash() -> Int {
        let items = trash.all
        for item in items {
            for entity in item.removed.entities { properties[entity] = nil }
            trash.remove(item.id)
        }
        return items.count
    }

    /// Removes an entity with all that belongs to it: a project's samples and AppResults, those of a session, the files
    /// of each. Their ids answer 410 from now on.
    @discardableResult
    mutating func remove(_ entity: EntityID) -> Removed {
        var removed = Removed()
        take(entity, into: &removed)
        gone.formUnion(removed.entities)
        return removed
    }

    private mutating func take(_ entity: EntityID, into removed: inout Removed) {
        switch entity.kind {
        case .projects:
            guard let project = projects[entity.id] else { return }
            for id in project.samples { take(EntityID(.samples, id), into: &removed) }
            for id in project.appResults { take(EntityID(.appResults, id), into: &removed) }
            removed.projects.append(project)
            projects.remove(project.id)
        case .sessions:
            guard let session = sessions[entity.id] else { return }
            for container in session.containers { take(container.entity, into: &removed) }
            takeFiles(of: .logs(session.id), into: &removed)
            removed.sessions.append(session)
            sessions.remove(session.id)
        case .samples:
            guard let sample = samples[entity.id] else { return }
            takeFiles(of: .sample(sample.id), into: &removed)
            removed.samples.append(sample)
            samples.remove(sample.id)
            projects.update(sample.project) { $0.samples.removeAll { $0 == sample.id } }
        case .appResults:
            guard let appResult = appResults[entity.id] else { return }
            takeFiles(of: .appResult(appResult.id), into: &removed)
            removed.appResults.append(appResult)
            appResults.remove(appResult.id)
            projects.update(appResult.project) { $0.appResults.removeAll { $0 == appResult.id } }
        case .runs:
            guard let run = runs[entity.id] else { return }
            takeFiles(of: .run(run.id), into: &removed)
            removed.runs.append(run)
            runs.remove(run.id)
        case .files:
            guard let file = files[entity.id] else { return }
            removed.files.append(file)
            remove(file)
        }
    }

    private mutating func takeFiles(of container: ContainerID, into removed: inout Removed) {
        let all = fileIndex.allIDs(of: container).compactMap { files[$0] }
        removed.files += all
        // From the last: taking a hundred thousand out of the beginning of a sorted list would take seconds.
        for file in all.reversed() {
            files.remove(file.id)
            fileIndex.forgetKey(of: file)
        }
        fileIndex.forget(container)
    }
}
