import Logging
import NIOPosix
import Synchronization
import SystemPackage

/// What the two servers of one simulator share.
final class Services: Sendable {
    let configuration: Simulator.Configuration
    let model: Mutex<Model>
    let clock = SimulatedClock()
    let etags = ETags()
    let tokens: TokenStore
    let devices: DeviceStore
    let signer: URLSigner
    let log: RequestLog
    let faults: FaultPlan
    let pool: NIOThreadPool
    let uploads: UploadDirectory
    let requestIDs: RequestIDs

    init(configuration: Simulator.Configuration, model: Model, uploads: UploadDirectory, pool: NIOThreadPool) {
        self.configuration = configuration
        self.model = Mutex(model)
        self.tokens = TokenStore(configuration.tokens, now: clock.now)
        self.devices = DeviceStore(answer: configuration.deviceAnswer)
        self.signer = URLSigner()
        self.log = RequestLog(limit: configuration.recordedRequestLimit)
        self.faults = FaultPlan(seed: configuration.seed)
        self.pool = pool
        self.uploads = uploads
        self.requestIDs = RequestIDs()
    }

    /// Looks at the model, or changes it, as it is at this moment of the simulated clock.
    func withModel<Result, Failure: Error>(
        _ body: (inout sending Model) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        let now = clock.now
        return try model.withLock { (model) throws(Failure) in
            model.elapse(to: now)
            return try body(&model)
        }
    }

    /// Makes the ETags of files, off the event loops since it may have to read them.
    func entityTags(of files: [File]) async throws -> [String?] {
        if files.allSatisfy({ $0.etag != nil }) { return files.map(\.etag) }
        return try await pool.runIfActive { [etags] in
            try files.map { $0.uploadStatus == .complete ? try etags.etag(of: $0) : nil }
        }
    }
}

/// Makes the ids that the service puts into `X-Request-ID`: a time and 22 random characters.
struct RequestIDs: Sendable {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    func make(at now: ServiceDate) -> String {
        "\(now.requestIDPrefix).\(Self.random(22))"
    }

    /// Random letters and digits.
    static func random(_ count: Int) -> String {
        String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
    }

    /// Random hexadecimal digits in lower case, as tokens are.
    static func randomHex(_ count: Int) -> String {
        String((0..<count).map { _ in alphabet[Int.random(in: 0..<16)] }).lowercased()
    }
}
