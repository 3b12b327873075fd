import BaseSpaceAPI
import Glibc
import Synchronization

/// Waits for the end of an AppSession and tells what becomes of it.
struct SessionWatch {
    let client: BaseSpaceClient
    /// SIGINT and SIGTERM, blocked.
    let signals: Signals

    /// Seconds between two looks.
    private static let interval: UInt32 = 2

    /// The state that was told last.
    private final class Told: Sendable {
        let status: Mutex<SessionStatus>

        init(_ status: SessionStatus) {
            self.status = Mutex(status)
        }
    }

    /// Returns when the session is complete. A signal ends the process, with 128 and its number as exit status, also while
    /// the service does not answer.
    ///
    /// - Throws: With exit status 1 for any other end of the session.
    func run(_ session: AppSession, _ application: Application, json: Bool) throws {
        var session = session
        tell(session)
        let told = Told(session.status)
        Threads.start("signals") { [signals, id = session.id, name = session.name] in
            let signal = signals.wait().signal
            let status = told.status.withLock { $0 }
            StandardError.print("basespacefs: no longer waiting; AppSession \(id) '\(name)' goes on (\(status))")
            exit(ExitStatus.endedBy(signal: signal).rawValue)
        }
        while !session.status.isFinal, session.status != .timedOut {
            sleep(Self.interval)
            let id = session.id
            let next: AppSession
            do throws(BaseSpaceError) {
                next = try Threads.wait { () async throws(BaseSpaceError) in try await client.appSession(id) }
            } catch {
                // The session does not end because nobody can look at it; the next look may.
                guard error.isUnreachable else { throw CommandFailure("AppSession \(id) can't be looked at: \(error)") }
                StandardError.print("basespacefs: \(error); looking again")
                continue
            }
            if next.status != session.status || next.statusSummary != session.statusSummary { tell(next) }
            session = next
            told.status.withLock { $0 = next.status }
        }
        try LaunchReport(session, application).print(asJSON: json)
        guard session.status == .complete else {
            throw CommandFailure(
                "AppSession \(session.id) ended as \(session.status): \(session.statusSummary ?? "no reason given")"
            )
        }
    }

    private func tell(_ session: AppSession) {
        let summary = session.statusSummary.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
        StandardError.print("AppSession \(session.id): \(session.status)\(summary)")
    }
}
