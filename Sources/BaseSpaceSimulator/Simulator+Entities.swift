/// What tests put onto the service, change and take away while clients look. Everything starts with one of the four
/// `add…` of the simulator and goes on with the handles that they return:
///
///     let project = simulator.addProject("Trio")
///     let calls = try project.addAppResult("Calls").adding("calls/a.vcf", .bytes(vcf))
///     try simulator.addRun("240101_M1_0001_A", status: "Running").adding("RunInfo.xml", .bytes(xml))
extension Simulator {
    /// Something on the service, known by its id.
    public struct Handle: Sendable {
        let services: Services
        let entity: EntityID

        /// As the API shows it.
        public var id: String { String(entity.id) }

        /// `v1pre3/projects/1`.
        public var href: String { entity.href }
    }

    /// Adds a project. Two of one name are possible, as when their owners are two.
    @discardableResult
    public func addProject(_ name: String, description: String = "") -> Handle {
        handle(services.addProject(named: name, description: description))
    }

    /// Adds a run.
    ///
    /// - Parameters:
    ///   - name: the instrument's run folder.
    ///   - experiment: what people call it; nil for the same.
    ///   - status: `Running`, `Complete`, … in any case.
    @discardableResult
    public func addRun(
        _ name: String,
        experiment: String? = nil,
        status: String = "Complete"
    ) throws(Misuse) -> Handle {
        handle(try services.addRun(named: name, experiment: experiment, status: status))
    }

    /// Adds an AppSession without Samples and AppResults.
    ///
    /// - Parameter application: an id from `addApplication`; nil for the application that is always there.
    @discardableResult
    public func addSession(
        _ name: String,
        status: String = "Running",
        application: String? = nil
    ) throws(Misuse) -> Handle {
        handle(try services.addSession(named: name, status: status, application: application.flatMap { Int64($0) }))
    }

    /// Adds an application that can be launched; the result is its id.
    @discardableResult
    public func addApplication(_ name: String) -> String { String(services.addApplication(named: name)) }

    /// What has a link such as `v1pre3/runs/1` or `runs/1`; nil if that is no link.
    public func handle(_ href: String) -> Handle? { EntityID(href: href).map { handle($0) } }

    private func handle(_ entity: EntityID) -> Handle { Handle(services: services, entity: entity) }
}

extension Simulator.Handle {
    /// Adds a Sample to a project, in a session of its own that is Complete, or in another one.
    public func addSample(_ name: String, session: Self? = nil) throws(Simulator.Misuse) -> Self {
        with(try services.addContainer(.samples, named: name, project: entity, session: session?.entity))
    }

    /// Adds an AppResult to a project, in a session of its own that is Complete, or in another one.
    public func addAppResult(_ name: String, session: Self? = nil) throws(Simulator.Misuse) -> Self {
        with(try services.addContainer(.appResults, named: name, project: entity, session: session?.entity))
    }

    /// Adds a file to a Sample, an AppResult or a run, or a log to a session; the result is the file.
    @discardableResult
    public func addFile(
        _ path: String,
        _ content: Simulator.Content,
        contentType: String? = nil
    ) throws -> Self {
        guard let file = try services.addFiles([path], content, contentType: contentType, to: entity).first else {
            throw Simulator.Misuse(description: "no file was made")
        }
        return with(file)
    }

    /// Adds many files that share one content.
    public func addFiles(_ paths: [String], _ content: Simulator.Content) throws {
        _ = try services.addFiles(paths, content, to: entity)
    }

    /// Adds a file, as `addFile`; the result is what it was added to.
    @discardableResult
    public func adding(_ path: String, _ content: Simulator.Content) throws -> Self {
        try addFile(path, content)
        return self
    }

    /// Gives a file another content under the same id, and so another ETag.
    public func replaceContent(by content: Simulator.Content) throws {
        try services.replaceContent(of: entity, by: content)
    }

    /// Moves a file's content into the archive, from where it can't be read, or back.
    public func setArchived(_ isArchived: Bool) throws(Simulator.Misuse) {
        try services.setArchived(isArchived, entity)
    }

    /// Changes the status of a run or of a session, whatever it was: a Sample's and an AppResult's is their session's.
    public func setStatus(_ status: String, summary: String? = nil) throws(Simulator.Misuse) {
        try services.setStatus(status, summary: summary, of: entity)
    }

    /// Changes a name; of a run, the experiment's.
    public func rename(to name: String) throws(Simulator.Misuse) {
        try services.rename(entity, to: name)
    }

    /// Sets a property of type `string[]`.
    public func setProperty(_ name: String, _ values: [String]) throws(Simulator.Misuse) {
        try set(name, "string[]", "Items", .array(values.map { .string($0) }))
    }

    /// Sets a property of type `string`.
    public func setProperty(_ name: String, _ value: String) throws(Simulator.Misuse) {
        try set(name, "string", "Content", .string(value))
    }

    /// Sets a property that refers to other things of one kind, such as `Input.Samples`.
    public func setProperty(_ name: String, references: [Self]) throws(Simulator.Misuse) {
        let type = references.first?.entity.kind.type ?? EntityKind.samples.type
        try set(name, "\(type)[]", "Items", .array(references.map { .string($0.href) }))
    }

    /// Takes it away with all that belongs to it; its id answers 410 from now on.
    public func vanish() throws(Simulator.Misuse) {
        try services.vanish(entity)
    }

    private func set(_ name: String, _ type: String, _ key: String, _ value: JSON) throws(Simulator.Misuse) {
        let property: JSON = ["Type": .string(type), "Name": .string(name), "Description": "", key: value]
        try services.setProperties([property], on: entity)
    }

    private func with(_ entity: EntityID) -> Self { Self(services: services, entity: entity) }
}
