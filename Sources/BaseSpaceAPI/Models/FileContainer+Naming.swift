extension FileContainer: CustomStringConvertible {
    /// The id of what contains the files.
    public var id: EntityID {
        switch self {
        case .appResult(let id), .sample(let id), .run(let id): id
        }
    }

    /// `AppResult 17`.
    public var description: String {
        switch self {
        case .appResult(let id): "AppResult \(id)"
        case .sample(let id): "Sample \(id)"
        case .run(let id): "Run \(id)"
        }
    }
}
