/// A reference genome that the service knows.
public struct Genome: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name shown to people, as in `Homo sapiens - UCSC (hg19)`.
    public var name: String
    /// The species, as in `Homo sapiens`.
    public var species: String?
    /// Who published it, as in `UCSC`.
    public var source: String?
    /// Which version it is, as in `hg19`.
    public var build: String?
    /// The service's link to it.
    public var href: String?

    /// Creates a genome.
    public init(
        id: EntityID,
        name: String,
        species: String? = nil,
        source: String? = nil,
        build: String? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.species = species
        self.source = source
        self.build = build
        self.href = href
    }

    /// Reads the full or the compact form (live recordings of samples have the latter). Where `DisplayName` is missing
    /// the species and the build make the name.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        species = fields.text("SpeciesName")
        source = fields.text("Source")
        build = fields.text("Build")
        href = fields.text("Href")
        let parts = [species, build].compactMap { $0 }
        name = fields.text("DisplayName") ?? (parts.isEmpty ? id.rawValue : parts.joined(separator: " "))
    }
}
