// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode comes with the tools version; these are the upcoming features the project builds with.
let programSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Those of everything but the program, which sees libfuse and Foundation at once: which of their modules a type of the C
/// library then belongs to changes with the order in which its files are compiled, so that no import can name it.
let settings = programSettings + [.enableUpcomingFeature("MemberImportVisibility")]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let deques: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let orderedCollections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// A room of `docs/ARCHITECTURE.md`: it imports only the rooms listed here, all of them below it.
func room(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.init(stringLiteral: name), "TestSupport", logging, system] + dependencies,
        swiftSettings: settings
    )
}

let package = Package(
    name: "basespacefs",
    products: [
        .executable(name: "basespacefs", targets: ["basespacefs"]),
        .executable(name: "basespace-simulator", targets: ["basespace-simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // The daemon, from the terminal down to the line.
        .executableTarget(
            name: "basespacefs",
            dependencies: [
                "FUSEAdapter", "BaseSpaceFileSystem", "Namespace", "RemoteFiles", "Uploads", "BlockCache",
                "BaseSpaceAPI", "HTTPTransport", "Threading", "CLinux", "CQREncode", argumentParser, logging, system,
            ],
            swiftSettings: programSettings
        ),
        room(
            "FUSEAdapter",
            ["BaseSpaceFileSystem", "Namespace", "BaseSpaceAPI", "Threading", "CFUSE", logging, system]
        ),
        room(
            "BaseSpaceFileSystem",
            ["Namespace", "RemoteFiles", "Uploads", "BaseSpaceAPI", "HTTPTransport", "Threading", logging, system]
        ),
        room("Namespace", ["BaseSpaceAPI", "HTTPTransport", deques, orderedCollections]),
        room("RemoteFiles", ["BaseSpaceAPI", "BlockCache", "HTTPTransport", "Threading", deques, logging]),
        room("Uploads", ["BaseSpaceAPI", "HTTPTransport", "Digests", "Threading", "CLinux", grdb, logging, system]),
        room("BlockCache", ["Threading", "CLinux", "CXXHash", logging, system]),
        room("BaseSpaceAPI", ["HTTPTransport", logging, system]),
        room("HTTPTransport", ["Threading", "CCurl", deques, logging, system]),

        room("Threading", ["CLinux", deques, system]),
        room("Digests", ["CCrypto"]),

        // C libraries, and the few shims that Swift needs to call them.
        .systemLibrary(name: "CFUSE", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLinux"),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),

        // A BaseSpace on loopback.
        room(
            "BaseSpaceSimulator",
            ["Digests", httpTypes, hummingbird, logging, nio, nioPosix, system],
            exclude: ["Resources/README.md", "Resources/make-demo-data.sh"],
            resources: [.copy("Resources/DemoData")]
        ),
        .executableTarget(
            name: "basespace-simulator",
            dependencies: ["BaseSpaceSimulator", argumentParser, logging, system],
            swiftSettings: settings
        ),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["CLinux", logging, system],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests(of: "Digests"),
        tests(of: "Threading"),
        tests(of: "HTTPTransport"),
        tests(of: "BaseSpaceAPI", ["HTTPTransport", "BaseSpaceSimulator"]),
        tests(of: "BlockCache"),
        // Counts what threads allocate, in the test program as a whole.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        tests(of: "Uploads", ["BaseSpaceAPI", "HTTPTransport", "Digests", "Threading", "CAllocations", grdb]),
        tests(of: "RemoteFiles", ["BaseSpaceAPI", "BlockCache", "HTTPTransport", "CAllocations"]),
        tests(of: "Namespace", ["BaseSpaceAPI", "HTTPTransport", orderedCollections]),
        tests(of: "FUSEAdapter", ["BaseSpaceFileSystem", "Namespace", "BaseSpaceAPI", "CFUSE"]),
        tests(of: "BaseSpaceSimulator", ["Digests", "basespace-simulator"]),
        tests(of: "BaseSpaceFileSystem", ["Namespace", "BaseSpaceAPI"]),
        tests(of: "basespacefs", ["BaseSpaceSimulator", "Digests", "CFUSE", argumentParser]),
    ]
)
