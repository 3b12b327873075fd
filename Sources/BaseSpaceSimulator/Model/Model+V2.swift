import Digests

/// A biological sample: what the samples of one name in a project are of.
struct BioSample: Entity {
    /// That of the first sample.
    let id: Int64
    var name: String
    let project: Int64
    var created: ServiceDate
    var samples: [Int64]
}

/// The datasets of v2: every Sample and every AppResult is one, under an id of its own.
struct DatasetIndex: Sendable {
    private var containers: [String: ContainerID] = [:]

    /// `ds.` and 32 hexadecimal digits.
    static func id(of container: ContainerID) -> String {
        "ds." + MD5.digest(of: Array("dataset \(container.kind)/\(container.id)".utf8)).hexadecimal
    }

    mutating func register(_ container: ContainerID) { containers[Self.id(of: container)] = container }

    subscript(id: String) -> ContainerID? { containers[id.lowercased()] }
}

extension Model {
    private static func bioSampleKey(_ project: Int64, _ name: String) -> String { "\(project)/\(name)" }

    /// The BioSample of a sample.
    func bioSample(of sample: Sample) -> Int64 {
        bioSampleIDs[Self.bioSampleKey(sample.project, sample.name)] ?? sample.id
    }

    /// Adds a sample to the BioSample of its name, which is made if it is the first.
    mutating func addBioSample(of sample: Sample) {
        let key = Self.bioSampleKey(sample.project, sample.name)
        if let known = bioSampleIDs[key] {
            bioSamples.update(known) { if !$0.samples.contains(sample.id) { $0.samples.append(sample.id) } }
            return
        }
        bioSampleIDs[key] = sample.id
        bioSamples.insert(
            BioSample(
                id: sample.id,
                name: sample.name,
                project: sample.project,
                created: sample.created,
                samples: [sample.id]
            )
        )
    }
}
