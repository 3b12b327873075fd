import ArgumentParser
import BaseSpaceAPI
import Glibc
import SystemPackage

/// `basespacefs launch`.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Start an app of BaseSpace: a new AppSession.",
        discussion: """
            An input is text, an entity as KIND:ID (project, sample, appresult, run, file, appsession, dataset or \
            biosample), or a path in a mount. One that is given several times, or as KEY[], is a list.
            """
    )

    @Argument(help: "The app's id or name.")
    var app: String

    @Option(help: ArgumentHelp("The profile. (default: default)"), completion: ProfileCompletion.profiles)
    var profile: String?

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("Project for the results: an id or a path in a mount. Same as --input project-id=…"))
    var project: String?

    @Option(help: ArgumentHelp("An input of the app; property Input.KEY of the session.", valueName: "key=value"))
    var input: [String] = []

    @Option(help: "Name of the session. (default: the app's, and the time)")
    var name: String?

    @Option(help: ArgumentHelp("Take the payload from this JSON file; - is standard input.", valueName: "file"))
    var payload: String?

    @Option(help: ArgumentHelp("Fill {{NAME}} in the payload.", valueName: "name=value"))
    var set: [String] = []

    @Flag(help: "Wait for the end of the session. Exit status 0 then means that it is complete.")
    var wait = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if payload == nil, !set.isEmpty {
            throw ValidationError("--set fills a payload: name its file with --payload")
        }
    }

    func run() throws {
        ProcessHardening.apply()
        let signals = Signals([SIGINT, SIGTERM])
        if wait { signals.block() }
        let credentials = try connection.credentials(profile: profile)
        let body = try LaunchInput(
            project: project,
            inputs: input,
            template: try payload.map { try Self.text(of: $0) },
            values: set
        )
        try Account.withClient(credentials) { client in
            try LaunchMounts(client: client, credentials: credentials).check(body.places)
            try launch(body, client, signals)
        }
    }

    private func launch(_ body: LaunchInput, _ client: BaseSpaceClient, _ signals: Signals) throws {
        let application = try self.application(client)
        var launch = try body.payload(name: "\(application.name) \(Timestamp(seconds: Timestamp.now.seconds))")
        launch.name = name ?? launch.name
        let bytes = launch.bytes
        let session = try Self.asking(client) { client throws(BaseSpaceError) in
            try await client.launch(applicationID: application.id, payload: bytes)
        }
        if wait {
            try SessionWatch(client: client, signals: signals).run(session, application, json: json)
        } else {
            try LaunchReport(session, application).print(asJSON: json)
        }
    }

    private func application(_ client: BaseSpaceClient) throws -> Application {
        let isID = !app.isEmpty && app.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !isID else { return Application(id: EntityID(app), name: "app \(app)") }
        let all = try Self.asking(client) { client throws(BaseSpaceError) in try await client.applications() }
        let named = all.filter { $0.name.lowercased() == app.lowercased() }
        switch named.count {
        case 1: return named[0]
        case 0: throw CommandFailure("there is no app '\(app)' that this account can start; an id works too")
        default:
            let choice = named.map { "\($0.id) (\($0.version ?? "no version"))" }.joined(separator: ", ")
            throw CommandFailure("there are several apps '\(app)'; name one by its id: \(choice)")
        }
    }

    /// Makes a call and blocks the thread until its end.
    static func asking<Value: Sendable>(
        _ client: BaseSpaceClient,
        _ call: @escaping @Sendable (BaseSpaceClient) async throws(BaseSpaceError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(BaseSpaceError) {
            return try Threads.wait { () async throws(BaseSpaceError) in try await call(client) }
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private static func text(of file: String) throws(CommandFailure) -> String {
        let path = file == "-" ? "/dev/stdin" : file
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
            return try descriptor.closeAfter {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = try buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
                    bytes += buffer[..<count]
                }
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            throw CommandFailure("can't read the payload in \(file): \(error)")
        }
    }
}

/// What `launch` tells.
struct LaunchReport: Report {
    var id: String
    var name: String
    var status: String
    var application: String
    var applicationID: String

    init(_ session: AppSession, _ application: Application) {
        id = session.id.rawValue
        name = session.name
        status = session.status.rawValue
        self.application = application.name
        applicationID = application.id.rawValue
    }

    var text: String { "AppSession \(id) '\(name)': \(status)" }
}
