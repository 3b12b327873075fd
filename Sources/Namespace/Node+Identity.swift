internal import BaseSpaceAPI

extension Node.Content {
    /// What tells this place from every other one of the account: the source of its inode number.
    ///
    /// The texts are an on-disk format of sorts: backup tools remember inode numbers, so they stay as they are.
    func key(in parent: InodeNumber, named name: String) -> String {
        switch self {
        case .root: "root"
        case .projects: "projects"
        case .project(let project): "project/\(project.id)"
        case .samples(let project): "project/\(project.id)/samples"
        case .appResults(let project): "project/\(project.id)/appresults"
        case .sample(let sample): "sample/\(sample.id)"
        case .appResult(let appResult): "appresult/\(appResult.id)"
        case .directory(let place): "\(place.container.key)/files/\(place.path)"
        case .file(let record): "file/\(record.id)"
        case .control(let file, let appResult): "appresult/\(appResult.id)/\(file.rawValue)"
        case .text, .staged, .link: "\(parent.rawValue)/\(name)"
        }
    }

    /// Whether the other content is a later state of the same place, so that it may take over its inode.
    func isSamePlace(as other: Node.Content) -> Bool {
        switch (self, other) {
        case (.root, .root), (.projects, .projects): true
        case (.project(let one), .project(let two)): one.id == two.id
        case (.samples(let one), .samples(let two)), (.appResults(let one), .appResults(let two)): one.id == two.id
        case (.sample(let one), .sample(let two)): one.id == two.id
        case (.appResult(let one), .appResult(let two)): one.id == two.id
        case (.directory(let one), .directory(let two)): one == two
        case (.file(let one), .file(let two)): one.id == two.id
        case (.control(let one, let first), .control(let two, let second)): one == two && first.id == second.id
        case (.text(let one), .text(let two)): one == two
        case (.link(let one), .link(let two)): one == two
        // A staged file has a number of its own from its creation on, and becomes a file of the service under it.
        case (.staged, .staged), (.staged, .file), (.file, .staged): true
        default: false
        }
    }
}

extension FileContainer {
    /// The container in the keys of inode numbers.
    var key: String {
        switch self {
        case .appResult(let id): "appresult/\(id)"
        case .sample(let id): "sample/\(id)"
        case .run(let id): "run/\(id)"
        case .dataset(let id): "dataset/\(id)"
        case .logs(let id, let session): "appsession/\(session)/logs/\(id)"
        }
    }
}
