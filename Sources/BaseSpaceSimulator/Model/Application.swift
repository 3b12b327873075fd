/// An application: what sessions are runs of.
struct Application: Entity {
    let id: Int64
    var name: String
    var created = ServiceDate(seconds: 1_483_228_800)

    static let simulatedID: Int64 = 1001
    static let name = "Simulated App"

    /// The application that all sessions belong to that were not launched.
    static let simulated = Application(id: simulatedID, name: name)

    /// Letters and digits, joined by dashes.
    private var slug: String {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    }

    var compact: JSON {
        [
            "Id": .string(String(id)), "Href": .string("v1pre3/applications/\(id)"), "Name": .string(name),
            "CompanyName": "basespacefs", "VersionNumber": "1.0.0", "HomepageUri": "https://basespace.example",
            "ShortDescription": "Simulates an application", "DateCreated": .string(created.iso8601),
            "DatePublished": .string(created.iso8601), "PublishStatus": "Published", "IsBillingActivated": false,
            "Category": "Native", "Classifications": ["Quality"], "AppFamilySlug": .string("basespacefs.\(slug)"),
            "AppVersionSlug": .string("basespacefs.\(slug).1.0.0"), "Features": ["IsAppRegisteredToPlatform"],
            "LockStatus": "Unlocked",
        ]
    }
}

/// The genomes that a simulator knows.
struct Genome: Entity {
    let id: Int64
    let name: String
    let species: String
    let source: String
    let build: String
    var created: ServiceDate { .none }

    /// What all samples claim to belong to.
    static let hg19 = Genome(
        id: 4,
        name: "Homo sapiens - UCSC (hg19)",
        species: "Homo sapiens",
        source: "UCSC",
        build: "hg19"
    )

    static let all = [
        Genome(
            id: 1,
            name: "Escherichia coli - NCBI (K-12 DH10B)",
            species: "Escherichia coli",
            source: "NCBI",
            build: "EcoliDH10B"
        ),
        Genome(id: 2, name: "PhiX - Illumina (RTA)", species: "PhiX", source: "Illumina", build: "RTA"),
        hg19,
    ]

    /// In lists.
    var listed: JSON {
        [
            "Id": .string(String(id)), "DisplayName": .string(name), "SpeciesName": .string(species),
            "Source": .string(source), "Build": .string(build), "Href": .string("v1pre3/genomes/\(id)"),
        ]
    }

    /// Inside a sample.
    var compact: JSON {
        listed.appending([JSON.Member("HrefAnnotations", .string("v1pre3/genomes/\(id)/annotations"))])
    }

    /// On its own.
    var full: JSON {
        compact.appending([JSON.Member("HrefFileSets", .string("v1pre3/genomes/\(id)/filesets"))])
    }
}
