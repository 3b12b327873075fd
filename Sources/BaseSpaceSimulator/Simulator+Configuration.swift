import Foundation
public import Logging
public import SystemPackage

extension Simulator {
    /// What happens when a path of a container that has a complete file is uploaded again. The live service's answer is
    /// not known.
    public enum SamePathPolicy: String, Sendable, CaseIterable {
        /// 409.
        case conflict
        /// The new file takes the old one's place under an id of its own.
        case replace
        /// Both are there, with one path and two ids.
        case duplicate
    }

    /// How a simulator is set up.
    public struct Configuration: Sendable {
        /// A token that tests may use; its form is the live service's, 32 hexadecimal digits.
        public static let defaultToken = "0123456789abcdef0123456789abcdef"

        /// What it serves, `projects/<name>/{samples,appresults}/<name>/…`; nothing if nil. See `DataDirectory`.
        public var dataDirectory: FilePath?
        /// Where uploads are kept; a private temporary directory if nil.
        public var stateDirectory: FilePath?
        /// The tokens that the API accepts, and what each may do.
        public var tokens: [String: Grant] = [defaultToken: .all]
        /// The API's port on 127.0.0.1; 0: a free one.
        public var apiPort = 0
        /// The object store's port on 127.0.0.1; 0: a free one.
        public var objectStorePort = 0
        /// How long a signed URL is good; 7 days on the live service. What the API calls `Expires` is earlier, by two
        /// minutes or a fifth of the lifetime, whichever is less.
        public var urlLifetime = Duration.seconds(7 * 86_400)
        /// Added before the first byte of every answer of both servers.
        public var latency = Duration.zero
        /// Bytes per second of each connection to the object store; nil: as fast as it goes.
        public var objectStoreBandwidth: Int?
        /// What happens when a path is uploaded again.
        public var samePath = SamePathPolicy.conflict
        /// The status for ids of projects, samples, AppResults and sessions that don't exist: 404, or 403 as for files.
        public var unknownEntityStatus = 404
        /// How long an application that a client launches runs by the simulated clock before it is Complete.
        public var launchRunTime = Duration.seconds(60)
        /// What becomes of a client that asks for a token by the device flow; tests may change it while it runs.
        public var deviceAnswer = DeviceAnswer.pending
        /// Faults from the start.
        public var faults: [Fault] = []
        /// What faults with a probability draw from.
        public var seed: UInt64 = 1
        /// How many requests are recorded; beyond them the older half is forgotten. 100,000 are some 50 MB.
        public var recordedRequestLimit = 100_000
        /// Where it logs; nowhere by default.
        public var logger = Logger(label: "basespace-simulator") { _ in SwiftLogNoOpLogHandler() }

        /// The defaults: nothing to serve, free ports, `defaultToken`.
        public init() {}
    }

    /// The demo data that comes with the simulator, laid out as `dataDirectory` wants it: beside the executable in
    /// `basespacefs_BaseSpaceSimulator.resources`, or where the package was built.
    public static var demoDataDirectory: FilePath {
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let installed = FilePath(executable)
            .removingLastComponent()
            .appending("basespacefs_BaseSpaceSimulator.resources")
            .appending("DemoData")
        if FileManager.default.fileExists(atPath: installed.string) { return installed }
        // Ends the process with a message that names both places if the data is in neither.
        return FilePath(Bundle.module.bundlePath).appending("DemoData")
    }
}
