/// The application that all sessions of a simulator belong to.
enum Application {
    static let name = "Simulated App"

    static let compact: JSON = [
        "Id": "1001", "Href": "v1pre3/applications/1001", "Name": .string(name), "CompanyName": "basespacefs",
        "VersionNumber": "1.0.0", "HomepageUri": "https://basespace.example",
        "ShortDescription": "Simulates an application",
        "DateCreated": "2017-01-01T00:00:00.0000000Z", "DatePublished": "2017-01-01T00:00:00.0000000Z",
        "PublishStatus": "Published", "IsBillingActivated": false, "Category": "Native", "Classifications": ["Quality"],
        "AppFamilySlug": "basespacefs.simulated-app", "AppVersionSlug": "basespacefs.simulated-app.1.0.0",
        "Features": ["IsAppRegisteredToPlatform"], "LockStatus": "Unlocked",
    ]
}

/// The genome that all samples of a simulator claim to belong to.
enum Genomes {
    static let hg19: JSON = [
        "Id": "4", "DisplayName": "Homo sapiens - UCSC (hg19)", "SpeciesName": "Homo sapiens", "Source": "UCSC",
        "Build": "hg19", "Href": "v1pre3/genomes/4", "HrefAnnotations": "v1pre3/genomes/4/annotations",
    ]
}
