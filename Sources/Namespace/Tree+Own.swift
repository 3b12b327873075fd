internal import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

/// A directory's own children: those that are there because of what it is, whatever a listing says. Most are shown; those
/// that begin with a dot, and a few others, are only found by who knows their names.
extension Tree {
    /// What a directory's own name stands for.
    enum OwnChild: Sendable {
        case content(Node.Content)
        /// `.id.<id>`: a link to the entity of that id in this collection.
        case entityInCollection(EntityID)
        /// `.by-id/<kind>/<id>`: a link to the place of that entity.
        case entityAnywhere(EntityKey)
        /// Nothing of that name can be.
        case nothing
    }

    /// What an own name of a directory stands for; `nil` if it is not its own.
    func ownChild(named name: String, of directory: Node) -> OwnChild? {
        if let shown = shownContents(of: directory).first(where: { $0.0 == name }) { return .content(shown.1) }
        return hiddenChild(named: name, of: directory)
    }

    /// The nodes of a directory's own children that listings show.
    func ownChildren(of directory: Node) -> [Node] {
        let shown = shownContents(of: directory) + (configuration.listsMetadata ? listedMetadata(of: directory) : [])
        return shown.map { directory.child($1, named: $0) }
    }

    /// An own child, as far as memory tells.
    func known(_ own: OwnChild, named name: String, in directory: Node) -> KnownChild {
        switch own {
        case .content(.document(let document)):
            // Its size goes with it.
            knownText(of: document) == nil ? .unknown : .found(directory.child(.document(document), named: name))
        case .content(let content): .found(directory.child(content, named: name))
        case .entityInCollection, .entityAnywhere: .unknown
        case .nothing: .missing
        }
    }

    /// An own child; the service is asked for what it takes.
    func node(
        _ own: OwnChild,
        named name: String,
        in directory: Node
    ) async throws(BaseSpaceError) -> Node? {
        switch own {
        case .content(let content):
            if case .document(let document) = content {
                _ = try await text(of: document)
            }
            return directory.child(content, named: name)
        case .entityInCollection(let id):
            guard case .collection(let collection, let owner) = directory.content, let kind = collection.kind else {
                return nil
            }
            let key = EntityKey(kind: kind, id: id)
            if let target = try await listing(for: .entities(collection)).name(of: key) {
                return directory.child(.link(target: target), named: name)
            }
            // Its directory stands here under this name, if the service tells of it without listing it.
            guard owner == nil, let entity = try await unlisted(key) else { return nil }
            return directory.child(.entity(entity), named: name)
        case .entityAnywhere(let key):
            guard let target = try await path(of: key) else { return nil }
            let up = String(repeating: "../", count: directory.depth)
            return directory.child(.link(target: up + target), named: name)
        case .nothing:
            return nil
        }
    }

    private func shownContents(of directory: Node) -> [(String, Node.Content)] {
        switch directory.content {
        case .root:
            [
                ("README", .text(readme)),
                ("Projects", .collection(.projects, of: nil)), ("Runs", .collection(.runs, of: nil)),
                ("AppSessions", .collection(.appSessions, of: nil)),
                ("BioSamples", .collection(.bioSamples, of: nil)), ("Genomes", .collection(.genomes, of: nil)),
            ]
        case .entity(let entity): shownContents(of: entity)
        case .hidden(let hidden): shownContents(of: hidden)
        default: []
        }
    }

    private func shownContents(of entity: Entity) -> [(String, Node.Content)] {
        let files = entity.container.map { ("Files", Node.Content.directory(FilePlace(container: $0, path: ""))) }
        let properties = ("Properties", Node.Content.properties(PropertyPlace(owner: entity.key, path: "")))
        let control = ControlFile.allCases.map { ($0.rawValue, Node.Content.control($0, of: entity)) }
        switch entity {
        case .project(let project):
            return [
                ("AppResults", .collection(.appResults(of: project.id), of: entity)),
                ("AppSessions", .collection(.projectSessions(of: project.id), of: entity)),
                ("Datasets", .collection(.datasets(of: project.id), of: entity)), properties,
                ("Samples", .collection(.samples(of: project.id), of: entity)),
            ]
        case .sample(let sample):
            return [files, properties].compactMap(\.self) + parent(of: entity)
                + [("SampleProperties", .document(.sampleProperties(of: sample.id)))]
        case .appResult: return [files, properties].compactMap(\.self) + parent(of: entity) + control
        case .appSession(let session):
            let logs = FilePlace(container: .logs(ofSession: session.id), path: "")
            return [("Logs", .directory(logs)), properties] + control
        case .run: return [files, properties].compactMap(\.self) + [("Logs", .link(target: "Files/Logs"))]
        case .dataset: return [files, properties].compactMap(\.self) + parent(of: entity)
        case .bioSample(let bioSample):
            return [("Datasets", .collection(.bioSampleDatasets(of: bioSample.id), of: entity)), properties]
        case .genome: return []
        }
    }

    /// `ParentAppSession`, where an entity names its session; a sample does so in its full form alone.
    private func parent(of entity: Entity) -> [(String, Node.Content)] {
        let id: EntityID? =
            switch entity {
            case .appResult(let appResult): appResult.appSessionID
            case .sample(let sample): sample.appSessionID
            case .dataset(let dataset): dataset.appSessionID
            default: nil
            }
        if let id {
            let key = EntityKey(kind: .appSession, id: id)
            return [("ParentAppSession", .link(target: key.link(fromDepth: entity.kind.depth)))]
        }
        return entity.kind == .dataset ? [] : [("ParentAppSession", .sessionLink(of: entity.key))]
    }

    private func shownContents(of hidden: HiddenDirectory) -> [(String, Node.Content)] {
        switch hidden {
        case .byID: EntityKind.places.map { ($0.plural, .hidden(.entities($0))) }
        case .reports: configuration.reports.keys.sorted().map { ($0, .document(.report($0))) }
        case .statuses(let project):
            [SessionStatus.running, .needsAttention, .timedOut, .complete, .aborted].map { status in
                (status.rawValue, .hidden(.status(status, of: project)))
            }
        case .fileMetadata(let file):
            metadata(of: file) + [("Content", .hidden(.content(file)))] + knownFormats(of: file)
        case .content(let file): [("Url", .document(.contentURL(of: file.id)))]
        case .variants(let file): [("header", .document(.variantHeader(of: file.id)))]
        case .entities, .status, .metadata, .coverage: []
        }
    }

    private func knownFormats(of file: FileRecord) -> [(String, Node.Content)] {
        let name = file.name.lowercased()
        if name.hasSuffix(".bam"),
            hasBeside([file.name + ".bai", file.name.dropLast(4) + ".bai", file.name + ".csi"], file)
        {
            return [("Coverage", .hidden(.coverage(file)))]
        }
        if name.hasSuffix(".vcf.gz"), hasBeside([file.name + ".tbi", file.name + ".csi"], file) {
            return [("Variants", .hidden(.variants(file)))]
        }
        return []
    }

    /// Whether an index stands beside a file, as far as the listing of its directory is known: only then can the service look
    /// into it.
    private func hasBeside(_ indexes: [String], _ file: FileRecord) -> Bool {
        let directory = file.place.directory
        return state.withLock { state in
            guard let listing = state.listings[.files(of: file.container)]?.listing else { return true }
            let (listed, own) = (listing.directories[directory], state.local[file.container]?.directories[directory])
            return indexes.contains { listed?[$0] != nil || own?[$0] != nil }
        }
    }

    private func metadata(of file: FileRecord) -> [(String, Node.Content)] {
        let href = "v1pre3/files/\(file.id)"
        return dotFiles(id: file.id, name: file.name, type: "files", href: href, json: .file(file.id))
    }
}

/// The names that begin with a dot.
extension Tree {
    private func hiddenChild(named name: String, of directory: Node) -> OwnChild? {
        if name.hasPrefix(".") { return dotChild(named: name, of: directory) }
        switch directory.content {
        case .hidden(.entities(let kind)):
            return .entityAnywhere(EntityKey(kind: kind, id: EntityID(name)))
        case .hidden(.coverage(let file)):
            if let region = GenomicRegion(name) { return .content(.document(.coverage(of: file.id, in: region))) }
            guard name.hasSuffix(".meta") else { return .nothing }
            return .content(.document(.coverageMeta(of: file.id, chromosome: String(name.dropLast(5)))))
        case .hidden(.variants(let file)):
            return GenomicRegion(name).map { .content(.document(.variants(of: file.id, in: $0))) } ?? .nothing
        case .entity(let entity):
            if name == "Files.metadata", let container = entity.container {
                return .content(.hidden(.metadata(FilePlace(container: container, path: ""))))
            }
            if name == "AppResults.by-status", case .project(let project) = entity {
                return .content(.hidden(.statuses(of: project.id)))
            }
            if name == "LaunchPayload", case .appSession(let session) = entity {
                return .content(.document(.launchPayload(of: session.id)))
            }
        default:
            break
        }
        return nil
    }

    private func dotChild(named name: String, of directory: Node) -> OwnChild? {
        if let known = listedMetadata(of: directory).first(where: { $0.0 == name }) { return .content(known.1) }
        switch directory.content {
        case .root where name == ".by-id": return .content(.hidden(.byID))
        case .root where name == ".basespacefs": return .content(.hidden(.reports))
        case .collection where name.hasPrefix(".id."): return .entityInCollection(EntityID(String(name.dropFirst(4))))
        default: return nil
        }
    }

    /// The dot files of a directory that `listmeta` shows.
    private func listedMetadata(of directory: Node) -> [(String, Node.Content)] {
        let everywhere: [(String, Node.Content)] = [
            (".error", .lastError(of: directory.inode)), (".commands", .commands(of: directory.inode)),
        ]
        switch directory.content {
        case .root:
            let session = configuration.session.map { id in
                [(".appsession", Node.Content.link(target: EntityKey(kind: .appSession, id: id).link(fromDepth: 0)))]
            }
            let href = "v1pre3/users/current"
            return everywhere + (session ?? [])
                + [
                    (".href", line(href)), (".type", line("users")), (".curl", curl(href)),
                    (".json", .document(.json(.user))),
                ]
        case .collection(let collection, _):
            let href = collection.href
            let type = collection.kind.map { [(".type", line($0.plural))] } ?? []
            return everywhere + type
                + [(".href", line(href)), (".curl", curl(href)), (".json", .document(.json(.collection(collection))))]
        case .entity(let entity):
            let key = entity.key
            return everywhere
                + dotFiles(id: key.id, name: entity.name, type: key.kind.plural, href: key.href, json: .entity(key))
                + status(of: entity)
        default:
            return everywhere
        }
    }

    private func dotFiles(
        id: EntityID,
        name: String,
        type: String,
        href: String,
        json: DocumentFile.Subject
    ) -> [(String, Node.Content)] {
        [
            (".id", line(id.rawValue)), (".name", line(name)), (".type", line(type)), (".href", line(href)),
            (".curl", curl(href)), (".json", .document(.json(json))),
        ]
    }

    /// `.status`, which BaseMount had and never refreshed: a link to the `Status` of the session, or a run's own state.
    private func status(of entity: Entity) -> [(String, Node.Content)] {
        let status = ControlFile.status.rawValue
        let content: Node.Content? =
            switch entity {
            case .appResult, .appSession: .link(target: status)
            case .sample: .link(target: "ParentAppSession/" + status)
            case .run(let run): .document(.status(ofRun: run.id))
            case .project, .dataset, .bioSample, .genome: nil
            }
        return content.map { [(".status", $0)] } ?? []
    }

    private func line(_ text: String) -> Node.Content {
        .text(Array((text + "\n").utf8))
    }

    /// A command that asks the API for the same. The token is whoever's who runs it: it is taken from the environment.
    private func curl(_ href: String) -> Node.Content {
        line("curl -sS -H \"x-access-token: $BASESPACE_ACCESS_TOKEN\" '\(configuration.apiServer)\(href)'")
    }
}
