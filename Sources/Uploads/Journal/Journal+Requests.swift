internal import GRDB
internal import Synchronization
internal import Threading

extension Journal {
    /// Calls `handler` with each request of another process, and when other mounts die that leave something behind. It
    /// goes on until the journal is closed or goes away.
    ///
    /// Requests that came before are among them. A look costs next to nothing while nobody changes anything.
    ///
    /// - Parameter handler: Does what is asked for, and returns `true`; only then is the request forgotten, so that one
    ///   that a mount does not live to serve is served by the next one. `false` if it can't be done now: it is called
    ///   again at the next look, unless the file was written meanwhile.
    public func observe(_ handler: @escaping @Sendable (JournalRequest) async -> Bool) {
        observe(every: .seconds(1), handler)
    }

    func observe(every interval: Duration, _ handler: @escaping @Sendable (JournalRequest) async -> Bool) {
        let observation = Task { [weak self] in
            while !Task.isCancelled {
                guard let work = self?.work else { return }
                let requests = await work.run { [weak self] in self?.look() ?? [] }
                for request in requests {
                    // One that waits for an upload to end keeps no other from being served.
                    Task { [weak self] in
                        let isServed = await handler(request)
                        await work.run { [weak self] in self?.ended(request, isServed: isServed) }
                    }
                }
                await work.run { [weak self] in self?.secureIfDue() }
                try? await Task.sleep(for: interval)
            }
        }
        let earlier = state.withLock { state in
            let earlier = state.isClosed ? observation : state.observation
            state.observation = observation
            return earlier
        }
        earlier?.cancel()
    }

    /// Serves what was asked for of this mount's files until now: the last thing before it ends. What others left is for
    /// those who go on.
    public func serve(_ handler: @Sendable (JournalRequest) async -> Bool) async {
        let requests = await work.run { [self] in look() }
        for request in requests where request != .orphaned {
            let isServed = await handler(request)
            await work.run { [self] in ended(request, isServed: isServed) }
        }
    }

    /// What is asked for, but for what was handed out and has not `ended`.
    func look() -> [JournalRequest] {
        do throws(JournalFault) {
            let requests = try news()
            state.withLock { $0.isBlind = false }
            return requests
        } catch {
            // It is tried again in a second, and would say so each time.
            let isKnown = state.withLock { state in
                defer { state.isBlind = true }
                return state.isBlind
            }
            if !isKnown { report(error, doing: "what other processes ask for") }
            return []
        }
    }

    private func news() throws(JournalFault) -> [JournalRequest] {
        var requests: [JournalRequest] = []
        let version = try database.version()
        if state.withLock({ $0.seen != version }) {
            requests = try requestsOfOwnFiles()
            let others = try owners()
            state.withLock { state in
                state.seen = version
                state.others = others
                state.told.formIntersection(others)
                requests.removeAll { !state.serving.insert($0).inserted }
            }
        }
        let untold = state.withLock { $0.others.subtracting($0.told) }
        let dead = untold.filter { !locks.isAlive($0) }
        if !dead.isEmpty {
            state.withLock { $0.told.formUnion(dead) }
            requests.append(.orphaned)
        }
        return requests
    }

    /// A request that was handed out has been served, or has to wait.
    func ended(_ request: JournalRequest, isServed: Bool) {
        if isServed, let row = RequestRow(request) {
            do throws(JournalFault) {
                try database.change { database in
                    // Another one that came meanwhile is still to be served.
                    _ = try RequestRow.filter(Column("serial") == row.serial && Column("kind") == row.kind)
                        .deleteAll(database)
                }
            } catch {
                report(error, doing: "that the request for \(row.serial) is served")
            }
        }
        state.withLock { state in
            state.serving.remove(request)
            if !isServed { state.seen = nil }
        }
    }

    private func requestsOfOwnFiles() throws(JournalFault) -> [JournalRequest] {
        try database.read { database in
            let own = RequestRow.filter(
                sql: "serial IN (SELECT serial FROM file WHERE owner = ?)",
                arguments: [lock.id]
            )
            return try own.fetchAll(database).map(\.request)
        }
    }

    /// The other mounts that have files of this account.
    private func owners() throws(JournalFault) -> Set<String> {
        try database.read { database in
            try String.fetchSet(
                database,
                sql: "SELECT DISTINCT owner FROM file WHERE account = ? AND owner <> ?",
                arguments: [account, lock.id]
            )
        }
    }
}
