/// A kind of thing that has an id and a resource of its own.
///
/// Projects, samples, AppResults, runs, sessions and files are resources of v1pre3; datasets and biosamples of v2 only
/// (Swagger). The same file has the same id in both (live recordings).
public enum EntityKind: String, Hashable, Sendable, CaseIterable {
    /// A project.
    case project
    /// A sample.
    case sample
    /// An AppResult.
    case appResult = "appresult"
    /// An instrument's run.
    case run
    /// A file.
    case file
    /// A run of an app.
    case appSession = "appsession"
    /// A dataset: what v2 makes of samples and AppResults.
    case dataset
    /// A biological sample.
    case bioSample = "biosample"
    /// A reference genome.
    case genome

    /// Reads the service's word for it, in any case.
    public init?(word: String) {
        self.init(rawValue: word.lowercased())
    }

    /// The path of an entity's resource.
    func segments(_ id: EntityID) -> [String] {
        let version = self == .dataset || self == .bioSample ? "v2" : "v1pre3"
        return [version, rawValue + "s", id.rawValue]
    }

    /// The service's link to an entity, in v1's form: relative to the API's root.
    public func href(_ id: EntityID) -> String {
        segments(id).joined(separator: "/")
    }
}
