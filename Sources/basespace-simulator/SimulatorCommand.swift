public import ArgumentParser
public import BaseSpaceSimulator
import Logging
import SystemPackage

/// `basespace-simulator`: a BaseSpace on loopback until it is told to end.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "basespace-simulator",
        abstract: "A BaseSpace on this machine: API and object store on 127.0.0.1.",
        discussion: """
            Prints one line when it is ready:

              ready api=http://127.0.0.1:PORT objectstore=http://127.0.0.1:PORT

            and ends on SIGTERM or SIGINT. The access token is read from --token-file (made and written there if the \
            file doesn't exist), else from $BASESPACE_ACCESS_TOKEN. Without both one is made, and the line goes on with \
            token=TOKEN; with --token-file it goes on with token-file=FILE.

            A data directory holds projects/<name>/samples/<sample>/…, projects/<name>/appresults/<name>/… and \
            runs/<name>/…; \
            %2F in a name stands for a slash.

            Control paths on the API's port, which need no token:
              GET /simulator/requests   what has been asked; DELETE forgets it
              POST /simulator/faults    a JSON array of faults; [] clears them
              GET /simulator/clock      simulated time; POST moves it
              GET /simulator/uploads    what has been uploaded
              GET /simulator/sessions   the state of every AppSession
              POST /simulator/changes   adds, changes and removes what is on the service
              POST /simulator/tokens    {"token":"…","scopes":"browse global"} accepts a token; DELETE revokes it
              GET /simulator/devices    the codes of the device flow; POST answers as their user

            The clock is moved by {"advanceSeconds":259200}. A fault is such as

              {"effect":"status","status":503,"listener":"objectStore","count":2}

            Effects and what they need: status (status, perhaps body, headers), hang, latency (milliseconds), \
            bandwidth (bytesPerSecond), reset, shortBody and stall (afterBytes), entityTag and contentRange (value), \
            ignoreRange, omitTotalCount. Which requests they meet: listener (api, objectStore), method, path (with *), isRanged, \
            skipping, count, probability.

            A change is an object, or one of an array, such as

              {"add":"run","name":"240101_M1_0001_A","status":"Running"}
              {"add":"file","to":"runs/1000000001","path":"Data/s_#.bcl","size":1000,"count":1000}
              {"set":"runs/1000000001","status":"Complete","properties":[…]}
              {"remove":"runs/1000000001"}

            add takes project, sample and appresult (to, session), session (status, application), run (experimentName, \
            status), application, file (to, path; text, base64, local or size; count). set takes name, status, \
            statusSummary, properties, archived and a content. The answer to a code is \
            {"answer":"grant","userCode":"Ab1cd"}, or pending, deny, expire, slow; without a code it is the answer to \
            all, also those that come later.
            """
    )

    @Option(help: "Directory to serve.")
    var data: String?

    @Flag(help: "Serve the demo data that comes with the simulator.")
    var demo = false

    @Option(help: "The API's port; 0: a free one.")
    var apiPort = 0

    @Option(help: "The object store's port; 0: a free one.")
    var objectStorePort = 0

    @Option(help: "File with the access token; written if it doesn't exist.")
    var tokenFile: String?

    @Option(help: "Directory for uploads; a temporary one by default.")
    var state: String?

    @Option(name: .customLong("url-lifetime"), help: "Seconds that a signed URL is good.")
    var urlLifetime = 7 * 86_400

    @Option(help: "Milliseconds before the first byte of every answer.")
    var latency = 0

    @Option(help: "Bytes per second of each connection to the object store; 0: unlimited.")
    var bandwidth = 0

    @Option(help: "Seed of the faults that have a probability.")
    var seed: UInt64 = 1

    @Option(help: "What an upload to the path of a complete file gets: conflict (409), replace or duplicate.")
    var samePath = Simulator.SamePathPolicy.conflict

    @Flag(help: "End when the process that started this one ends.")
    var exitWithParent = false

    @Flag(help: "Log what goes on to standard error.")
    var verbose = false

    func validate() throws {
        if demo, data != nil { throw ValidationError("--demo and --data exclude each other") }
        if urlLifetime < 1 { throw ValidationError("--url-lifetime has to be 1 or more") }
        if latency < 0 || bandwidth < 0 { throw ValidationError("--latency and --bandwidth can't be negative") }
        for port in [apiPort, objectStorePort] where !(0...65_535).contains(port) {
            throw ValidationError("\(port) is not a port")
        }
    }

    func run() async throws {
        // Before anything else, so that no signal is lost.
        let termination = Termination()
        if exitWithParent { termination.includeParent() }
        let token = try AccessTokenSource(file: tokenFile).token()
        let simulator = try await Simulator.start(makeConfiguration(token: token.text))
        var line = "ready api=\(simulator.apiURL) objectstore=\(simulator.objectStoreURL)"
        if let tokenFile { line += " token-file=\(tokenFile)" }
        if token.isUnknownToOthers { line += " token=\(token.text)" }
        try StandardOutput.write(line + "\n")
        await termination.wait()
        await simulator.stop()
    }

    private func makeConfiguration(token: String) -> Simulator.Configuration {
        var configuration = Simulator.Configuration()
        configuration.dataDirectory = demo ? Simulator.demoDataDirectory : data.map { FilePath($0) }
        configuration.stateDirectory = state.map { FilePath($0) }
        configuration.tokens = [token: .all]
        configuration.apiPort = apiPort
        configuration.objectStorePort = objectStorePort
        configuration.urlLifetime = .seconds(urlLifetime)
        configuration.latency = .milliseconds(latency)
        configuration.seed = seed
        configuration.samePath = samePath
        if bandwidth > 0 { configuration.objectStoreBandwidth = bandwidth }
        if verbose {
            configuration.logger = Logger(label: "basespace-simulator") { StreamLogHandler.standardError(label: $0) }
        }
        return configuration
    }
}

extension Simulator.SamePathPolicy: ExpressibleByArgument {}
