import BaseSpaceAPI
import CLinux
import Glibc

/// Waits for the end of an AppSession and tells what becomes of it.
struct SessionWatch {
    let client: BaseSpaceClient
    /// SIGINT and SIGTERM, blocked.
    let signals: Signals

    private static let interval = CLinux_interval(2, 0)

    /// Returns when the session is complete.
    ///
    /// - Throws: With exit status 1 for any other end, and 128 and the signal's number when told to stop waiting.
    func run(_ session: AppSession, _ application: Application, json: Bool) throws {
        var session = session
        tell(session)
        while !session.status.isFinal, session.status != .timedOut {
            if let signal = signals.wait(atMost: Self.interval)?.signal {
                throw CommandFailure(
                    "no longer waiting; AppSession \(session.id) '\(session.name)' goes on (\(session.status))",
                    status: .endedBy(signal: signal)
                )
            }
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
