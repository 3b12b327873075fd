public import BaseSpaceAPI

/// A directory whose entries are entities, listed by one call of the service.
public enum EntityCollection: Hashable, Sendable {
    /// `Projects/`
    case projects
    /// `Runs/`
    case runs
    /// `AppSessions/`: all sessions that the user may see.
    case appSessions
    /// `BioSamples/`
    case bioSamples
    /// `Genomes/`
    case genomes
    /// A project's `Samples/`
    case samples(of: EntityID)
    /// A project's `AppResults/`
    case appResults(of: EntityID)
    /// A project's `Datasets/`
    case datasets(of: EntityID)
    /// A project's `AppSessions/`: links to those that put something into it.
    case projectSessions(of: EntityID)
    /// A biosample's `Datasets/`: links.
    case bioSampleDatasets(of: EntityID)
    /// The directory of an AppSession itself: links `AppResults.<id>.<name>` and `Samples.<id>.<name>`.
    case results(ofSession: EntityID)

    /// The kind of its entities; `nil` where there are several.
    public var kind: EntityKind? {
        switch self {
        case .projects: .project
        case .runs: .run
        case .appSessions, .projectSessions: .appSession
        case .bioSamples: .bioSample
        case .genomes: .genome
        case .samples: .sample
        case .appResults: .appResult
        case .datasets, .bioSampleDatasets: .dataset
        case .results: nil
        }
    }

    /// Whether its entities have their directories here; elsewhere stand links.
    var isHome: Bool {
        switch self {
        case .projects, .runs, .appSessions, .bioSamples, .genomes, .samples, .appResults, .datasets: true
        case .projectSessions, .bioSampleDatasets, .results: false
        }
    }

    /// The source of its inode number. On-disk format of sorts, see ``Node``'s keys.
    var key: String {
        switch self {
        case .projects: "projects"
        case .runs: "runs"
        case .appSessions: "appsessions"
        case .bioSamples: "biosamples"
        case .genomes: "genomes"
        case .samples(let project): "project/\(project)/samples"
        case .appResults(let project): "project/\(project)/appresults"
        case .datasets(let project): "project/\(project)/datasets"
        case .projectSessions(let project): "project/\(project)/appsessions"
        case .bioSampleDatasets(let bioSample): "biosample/\(bioSample)/datasets"
        case .results(let session): "appsession/\(session)"
        }
    }

    /// How many directories below the root its entries stand.
    var depth: Int {
        switch self {
        case .projects, .runs, .appSessions, .bioSamples, .genomes: 1
        case .samples, .appResults, .datasets, .projectSessions, .bioSampleDatasets: 3
        case .results: 2
        }
    }
}

extension EntityCollection: CustomStringConvertible {
    public var description: String {
        switch self {
        case .projects: "the list of projects"
        case .runs: "the list of runs"
        case .appSessions: "the list of AppSessions"
        case .bioSamples: "the list of biosamples"
        case .genomes: "the list of genomes"
        case .samples(let project): "the samples of project \(project)"
        case .appResults(let project): "the AppResults of project \(project)"
        case .datasets(let project): "the datasets of project \(project)"
        case .projectSessions(let project): "the AppSessions of project \(project)"
        case .bioSampleDatasets(let bioSample): "the datasets of biosample \(bioSample)"
        case .results(let session): "the results of AppSession \(session)"
        }
    }
}
