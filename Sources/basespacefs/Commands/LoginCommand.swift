import ArgumentParser
import BaseSpaceAPI
import Glibc
import HTTPTransport
import Logging
import SystemPackage

/// `basespacefs login`.
struct LoginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in, and write the token into a profile.",
        discussion: """
            Shows a page and a code for a browser on any machine, and waits for the answer there. The secret of the app \
            comes from BASESPACE_CLIENT_SECRET, the profile or the terminal. With --with-token no app is needed.
            """
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @Option(help: ArgumentHelp("Server of the API, when it is not the profile's.", valueName: "url"))
    var apiServer: String?

    @Option(name: .customLong("client-id"), help: ArgumentHelp("The app to log in as.", valueName: "id"))
    var clientID: String?

    @Option(help: ArgumentHelp("The rights to ask for. (default: what the commands need)", valueName: "text"))
    var scopes: String?

    @Flag(help: "Ask for the rights to browse and read only.")
    var readOnly = false

    @Flag(help: "Take a token from standard input.")
    var withToken = false

    @Flag(name: .customLong("no-qr"), help: "Show no QR code.")
    var noQR = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if readOnly, scopes != nil {
            throw ValidationError("--read-only and --scopes both say which rights to ask for: give one of them")
        }
        if withToken, readOnly || scopes != nil || clientID != nil {
            throw ValidationError(
                "--with-token takes a token as it is: leave out --client-id, --scopes and --read-only"
            )
        }
    }

    func run() throws {
        ProcessHardening.apply()
        let interruption = Interruption()
        let environment = ProcessEnvironment.all
        let (file, server) = try Self.inWords { () throws(CredentialsError) in
            let file = try ProfileFile(profile, environment: environment)
            try file.checkWritable()
            return (file, try file.server(option: apiServer, environment: environment))
        }
        let input = HiddenInput(interruption: interruption)
        let quiet = Logger(label: "login") { _ in SwiftLogNoOpLogHandler() }
        let token: AccessToken
        let transport: HTTPClient
        if withToken {
            token = try givenToken(input)
            transport = HTTPClient(.api(userAgent: Account.userAgent, logger: quiet))
        } else {
            let app = try self.app(file, input)
            transport = HTTPClient(.api(userAgent: Account.userAgent, logger: quiet))
            token = try DeviceDialogue(
                server: server.url,
                serverOrigin: server.origin,
                transport: transport,
                clientID: app.id,
                clientSecret: app.secret,
                scopes: scopes ?? (readOnly ? Self.readScopes : Self.allScopes),
                room: noQR ? nil : QRCode.room
            ).token()
        }
        defer { transport.shutdown() }
        let credentials = Credentials(
            server: server.url,
            serverOrigin: server.origin,
            token: token,
            tokenOrigin: withToken ? .option("--with-token") : .login
        )
        let client = BaseSpaceClient(server: server.url, token: token, transport: transport, logger: quiet)
        // A token that was made for this and that nobody has must not stay good for ever. One that was given is theirs.
        let revoke: @Sendable () -> Void = { [withToken] in
            if !withToken { Self.revoke(by: client) }
        }
        let account = try interruption.undoing(revoke) { () throws(CommandFailure) in
            try AccountReport.asking(client, credentials)
        } puttingAway: { _ throws(CommandFailure) in
            try Self.inWords { () throws(CredentialsError) in try file.logIn(server: server.url, token: token) }
        }
        try LoginReport(account, file).print(asJSON: json)
        Self.warnOfEnvironment(environment, "is used instead of \(file.title)")
    }

    /// Revokes the client's token, if that goes quickly: somebody waits for the end.
    private static func revoke(by client: BaseSpaceClient) {
        Threads.wait {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await client.revokeToken() }
                group.addTask { try? await Task.sleep(for: .seconds(10)) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// What the commands do: look, read, make projects and AppResults and fill them, start apps, and move to the trash
    /// with `--allow-delete`.
    private static let allScopes =
        "browse global, read global, write global, create global, create projects, start applications, movetotrash global"
    private static let readScopes = "browse global, read global"

    private func givenToken(_ input: HiddenInput) throws(CommandFailure) -> AccessToken {
        let text: String
        do throws(Errno) {
            if isatty(STDIN_FILENO) == 1, let line = try input.line("Access token: ", orAt: STDIN_FILENO) {
                text = line
            } else {
                text = try StandardInput.text(atMost: 1 << 16)
            }
        } catch {
            throw CommandFailure("can't read the token from standard input: \(error)")
        }
        do throws(CredentialsError) {
            return try AccessToken(text.trimmed)
        } catch {
            throw CommandFailure("--with-token: \(error)")
        }
    }

    /// The app to log in as. Illumina gives none to open programs, so everybody brings their own.
    private func app(_ file: ProfileFile, _ input: HiddenInput) throws -> (id: String, secret: Secret) {
        let content = try Self.inWords { () throws(CredentialsError) in try file.content() }
        guard let id = clientID ?? ProcessEnvironment.value("BASESPACE_CLIENT_ID") ?? content.clientID, !id.isEmpty
        else {
            throw CommandFailure(
                "no client id: make an app on https://developer.basespace.illumina.com and give its client id with "
                    + "--client-id or BASESPACE_CLIENT_ID, or give a token you have with --with-token"
            )
        }
        if let secret = ProcessEnvironment.value("BASESPACE_CLIENT_SECRET") { return (id, Secret(secret)) }
        if let secret = content.clientSecret { return (id, secret) }
        let typed: String?
        do throws(Errno) {
            typed = try input.line("Client secret of \(id.printable): ")
        } catch {
            throw CommandFailure("can't read the client secret from the terminal: \(error)")
        }
        guard let typed else {
            throw CommandFailure(
                "no client secret: set BASESPACE_CLIENT_SECRET, or put clientSecret into \(file.path); "
                    + "there is no terminal to ask on"
            )
        }
        guard !typed.trimmed.isEmpty else { throw CommandFailure("no client secret was typed; nothing was changed") }
        return (id, Secret(typed.trimmed))
    }
}

extension LoginCommand {
    /// Does something with a profile; its failures are lines for the user.
    static func inWords<Value>(_ body: () throws(CredentialsError) -> Value) throws(CommandFailure) -> Value {
        do throws(CredentialsError) {
            return try body()
        } catch {
            throw CommandFailure(error.message)
        }
    }

    /// Says that a token in the environment comes before all profiles.
    static func warnOfEnvironment(_ environment: [String: String], _ effect: String) {
        guard environment["BASESPACE_ACCESS_TOKEN"]?.trimmed.isEmpty == false else { return }
        StandardError.print("basespacefs: BASESPACE_ACCESS_TOKEN is set, and \(effect) until you unset it")
    }
}

/// What `login` tells.
struct LoginReport: Report {
    var id: String
    var name: String
    var email: String?
    var workgroup: String?
    var server: String
    var scopes: [String]?
    var profile: String
    var file: String
    private let lines: String

    private enum CodingKeys: String, CodingKey {
        case id, name, email, workgroup, server, scopes, profile, file
    }

    init(_ account: AccountReport, _ file: ProfileFile) {
        (id, name, email, workgroup) = (account.id, account.name, account.email, account.workgroup)
        (server, scopes) = (account.server, account.scopes)
        (profile, self.file) = (file.name, file.path.string)
        var account = account
        account.tokenFrom = file.title
        account.serverFrom = file.title
        lines = account.text
    }

    var text: String { "Logged in; server and token are in \(file)\n\(lines)" }
}
