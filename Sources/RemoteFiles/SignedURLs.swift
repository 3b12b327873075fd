public import BaseSpaceAPI
internal import HTTPTransport
internal import Synchronization

/// Who knows where the bytes of a file are. `BaseSpaceClient` does; tests have another.
public protocol ContentLocator: Sendable {
    /// A signed URL of a file's content, new with each call.
    func contentLocation(of file: EntityID) async throws(BaseSpaceError) -> ContentLocation
}

/// The signed URLs of files, each asked for once and kept until shortly before it expires.
///
/// A URL that the object store refuses is asked for anew, once for all who were refused with it. The URLs are secrets:
/// they stay in memory, and only their host is ever logged.
final class SignedURLs: Sendable {
    typealias Completion = @Sendable (Result<HTTPURL, BaseSpaceError>) -> Void

    private struct Lease {
        var url: HTTPURL?
        /// The last one that the object store did not take: a listing may bring it again.
        var refused: HTTPURL?
        /// Until when it is given out.
        var usableUntil: ContinuousClock.Instant?
        /// Who waits for the one that is being asked for.
        var waiting: [Completion] = []
        var isAsking = false
    }

    /// A URL is given up this long before it expires, or a tenth of its life if that is less: a GET that is sent with
    /// it has to arrive in time.
    private static let margin: Duration = .seconds(60)
    /// How long a URL of unknown expiry is tried; the service gives them seven days.
    private static let assumedLife: Duration = .seconds(3600)
    /// URLs kept; of more, those that expire first go. One takes about 1 KiB.
    private static let capacity = 20_000

    private let locator: any ContentLocator
    private let wallClock: @Sendable () -> Timestamp
    private let leases = Mutex<[EntityID: Lease]>([:])

    init(locator: any ContentLocator, wallClock: @escaping @Sendable () -> Timestamp) {
        self.locator = locator
        self.wallClock = wallClock
    }

    /// Calls `completion` with a URL of the file, at once if one is known.
    ///
    /// - Parameter refused: A URL that the object store did not take; it is not given out again.
    func url(of file: EntityID, refused: HTTPURL? = nil, completion: @escaping Completion) {
        enum Step {
            case use(HTTPURL)
            case ask
            case wait
        }
        let now = ContinuousClock.now
        let step = leases.withLock { leases -> Step in
            var lease = leases[file] ?? Lease()
            defer { leases[file] = lease }
            if let refused, lease.url == refused {
                lease.url = nil
                lease.refused = refused
            }
            if let url = lease.url, let end = lease.usableUntil, now < end { return .use(url) }
            lease.waiting.append(completion)
            guard !lease.isAsking else { return .wait }
            lease.isAsking = true
            return .ask
        }
        switch step {
        case .use(let url): completion(.success(url))
        case .ask: ask(for: file)
        case .wait: break
        }
    }

    /// Takes a URL that came with a listing. When it expires is not known; the object store will say so.
    func remember(_ url: HTTPURL, of file: EntityID) {
        leases.withLock { leases in
            var lease = leases[file] ?? Lease()
            let now = ContinuousClock.now
            if lease.url != nil, let end = lease.usableUntil, now < end { return }
            guard url != lease.refused else { return }
            lease.url = url
            lease.usableUntil = now + Self.assumedLife
            leases[file] = lease
            Self.bound(&leases)
        }
    }

    private func ask(for file: EntityID) {
        Task {
            let result: Result<ContentLocation, BaseSpaceError>
            do throws(BaseSpaceError) {
                result = .success(try await locator.contentLocation(of: file))
            } catch {
                result = .failure(error)
            }
            let usableUntil = (try? result.get()).map { ContinuousClock.now + usableLife(of: $0) }
            let waiting = leases.withLock { leases -> [Completion] in
                var lease = leases[file] ?? Lease()
                defer {
                    leases[file] = lease
                    Self.bound(&leases)
                }
                lease.isAsking = false
                lease.url = try? result.get().url
                lease.usableUntil = usableUntil
                defer { lease.waiting = [] }
                return lease.waiting
            }
            for completion in waiting {
                completion(result.map(\.url))
            }
        }
    }

    private func usableLife(of location: ContentLocation) -> Duration {
        let now = wallClock()
        let life =
            Duration.seconds(location.expires.seconds - now.seconds)
            + .nanoseconds(Int64(location.expires.nanoseconds - now.nanoseconds))
        return life - min(Self.margin, life / 10)
    }

    private static func bound(_ leases: inout [EntityID: Lease]) {
        guard leases.count > capacity else { return }
        let idle = leases.filter { !$0.value.isAsking }
        let first = idle.sorted { ($0.value.usableUntil ?? .now) < ($1.value.usableUntil ?? .now) }
        for (file, _) in first.prefix(capacity / 10) {
            leases[file] = nil
        }
    }
}
