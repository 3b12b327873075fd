internal import GRDB
internal import Synchronization

extension Journal {
    /// Calls `handler` with each request of another process, once, and when other mounts die that leave something
    /// behind. It goes on until the journal is closed or goes away.
    ///
    /// Requests that came before are among them. A look costs next to nothing while nobody changes anything.
    public func observe(_ handler: @escaping @Sendable (JournalRequest) -> Void) {
        observe(every: .seconds(1), handler)
    }

    func observe(every interval: Duration, _ handler: @escaping @Sendable (JournalRequest) -> Void) {
        let observation = Task { [weak self] in
            while !Task.isCancelled {
                guard let work = self?.work else { return }
                let requests = await work.run { [weak self] in self?.look() ?? [] }
                requests.forEach(handler)
                await work.run { [weak self] in self?.secureNow() }
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

    /// What has been asked for since the last look.
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
            requests = try takeRequests()
            let others = try owners()
            state.withLock { state in
                state.seen = version
                state.others = others
                state.told.formIntersection(others)
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

    private func takeRequests() throws(JournalFault) -> [JournalRequest] {
        let own = RequestRow.filter(
            sql: "serial IN (SELECT serial FROM file WHERE owner = ?)",
            arguments: [lock.id]
        )
        // Mostly there is none, and no need to keep others from writing.
        guard try !database.read({ try own.isEmpty($0) }) else { return [] }
        return try database.change { database in
            let rows = try own.fetchAll(database)
            try own.deleteAll(database)
            return rows.map { row in
                switch row.kind {
                case .retry: .retry(serial: row.serial)
                case .discard: .discard(serial: row.serial)
                }
            }
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
