/// A dataset in a list.
struct Dataset: Entity {
    let container: ContainerID
    let name: String
    let created: ServiceDate
    var id: Int64 { container.id }
}

/// The filters of a list of datasets.
struct DatasetFilter {
    private let projects: [String]?
    private let bioSamples: [String]?
    private let sessions: [String]?
    private let runs: [String]?
    private let types: [String]?
    private let isArchived: Bool

    init(_ parameters: Parameters, project: Int64?) {
        projects = project.map { [String($0)] } ?? parameters.list("ProjectId")
        bioSamples = parameters.list("InputBioSamples")
        sessions = parameters.list("AppSessionIds")
        runs = parameters.list("InputRuns")
        types = parameters.list("DatasetTypes")
        isArchived = parameters.isTrue("IsArchived")
    }

    /// The datasets that all filters accept, in the order of their v1 ids.
    func datasets(in model: Model) -> [Dataset] {
        if isArchived { return [] }
        let owners =
            projects.map { $0.compactMap { Int64($0) }.compactMap { model.projects[$0] } } ?? model.projects.all
        let all = owners.flatMap { project in
            project.samples.map { ContainerID.sample($0) } + project.appResults.map { ContainerID.appResult($0) }
        }
        return all.compactMap { container -> Dataset? in
            guard accepts(container, in: model) else { return nil }
            switch container {
            case .sample(let id):
                return model.samples[id].map { Dataset(container: container, name: $0.name, created: $0.created) }
            case .appResult(let id):
                return model.appResults[id].map { Dataset(container: container, name: $0.name, created: $0.created) }
            case .run, .logs:
                return nil
            }
        }.sorted { $0.id < $1.id }
    }

    private func accepts(_ container: ContainerID, in model: Model) -> Bool {
        let sample: Sample? = if case .sample(let id) = container { model.samples[id] } else { nil }
        if let sessions {
            guard let session = model.owners(of: container)?.session.id, sessions.contains(String(session)) else {
                return false
            }
        }
        if let bioSamples {
            guard let sample, bioSamples.contains(String(model.bioSample(of: sample))) else { return false }
        }
        if let runs {
            let inputs = model.properties(of: container.entity).filter { $0.name == "Input.Runs" }.flatMap(\.items)
            let isInput = inputs.contains { item in
                if case .reference(let entity) = item.content { runs.contains(String(entity.id)) } else { false }
            }
            guard isInput else { return false }
        }
        // `~type` brought datasets that conform to the type, in the one recording that has it.
        if let types {
            let own: Set = sample == nil ? ["common.files"] : ["illumina.fastq.v1.8", "common.files", "common.fastq"]
            return types.contains { own.contains($0.hasPrefix("~") ? String($0.dropFirst()) : $0) }
        }
        return true
    }
}
