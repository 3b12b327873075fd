internal import BaseSpaceAPI
internal import BlockCache
internal import Synchronization

/// Contents that are fetched before anybody has opened them. They count as open, so that their bytes stay in memory, until
/// somebody has opened them or their time is over.
struct Shelf: Sendable {
    private struct Place: Sendable {
        var content: Content
        var since: ContinuousClock.Instant
    }

    /// How long a content waits for somebody: a program that has opened three files of a directory opens the next ones
    /// within this, or has gone on to something else.
    private static let patience: Duration = .seconds(10)

    private var places: [RemoteFileVersion: Place] = [:]
    private var bytes: Int64 = 0

    /// Takes a content; `false` if it is here already, or does not fit.
    mutating func put(_ content: Content, limit: Int64, at now: ContinuousClock.Instant) -> Bool {
        guard places[content.file] == nil, bytes + content.size <= limit else { return false }
        places[content.file] = Place(content: content, since: now)
        bytes += content.size
        return true
    }

    /// Lets go of a content that somebody has opened.
    mutating func take(_ file: RemoteFileVersion) -> Content? {
        guard let place = places.removeValue(forKey: file) else { return nil }
        bytes -= file.size
        return place.content
    }

    /// Lets go of the contents that nobody came for.
    mutating func expire(at now: ContinuousClock.Instant) -> [Content] {
        places.values.filter { $0.since + Self.patience <= now }.compactMap { take($0.content.file) }
    }
}

/// The directories from which files were opened lately.
struct Directories: Sendable {
    private static let kept = 4

    private var known: [(key: UInt64, readAhead: SiblingReadAhead, lastUse: ContinuousClock.Instant)] = []
    /// What a directory's files are is forgotten after this long without a use: listings change.
    private static let lifetime: Duration = .seconds(60)

    /// Notes something of a directory, which is made if it is not known.
    mutating func note(
        _ key: UInt64,
        at now: ContinuousClock.Instant,
        _ event: (inout SiblingReadAhead) -> SiblingReadAhead.Action
    ) -> SiblingReadAhead.Action {
        known.removeAll { $0.lastUse + Self.lifetime <= now }
        if let index = known.firstIndex(where: { $0.key == key }) {
            known[index].lastUse = now
            return event(&known[index].readAhead)
        }
        if known.count >= Self.kept, let oldest = known.indices.min(by: { known[$0].lastUse < known[$1].lastUse }) {
            known.remove(at: oldest)
        }
        var readAhead = SiblingReadAhead()
        defer { known.append((key, readAhead, now)) }
        return event(&readAhead)
    }
}

/// The part that fetches what nobody has opened yet.
extension RemoteReader {
    /// A file was opened: those that follow it in its directory may be next.
    func noteOpening(of file: RemoteFileVersion, in surroundings: any Surroundings) {
        let action = directories.withLock {
            $0.note(surroundings.directory, at: .now) { $0.opened(file.id, size: file.size) }
        }
        follow(action, in: surroundings)
    }

    private func follow(_ action: SiblingReadAhead.Action, in surroundings: any Surroundings) {
        switch action {
        case .nothing:
            break
        case .learn:
            // On another thread: the program that opens a file waits for this one.
            Task { [weak self] in
                let files = surroundings.files(atMost: SiblingReadAhead.mostFiles)
                guard let self, !files.isEmpty else { return }
                let action = directories.withLock { $0.note(surroundings.directory, at: .now) { $0.learned(files) } }
                follow(action, in: surroundings)
            }
        case .prepare(let candidates):
            for candidate in candidates {
                prepare(candidate)
            }
        }
    }

    /// A data file's head is read, and not from the cache: its end and its index are next.
    func prepareCompanions(of content: Content, in surroundings: (any Surroundings)?) {
        guard FileFormat.hasEndMark(content.file.name) else { return }
        if content.size > ReadAhead.block {
            fetchAhead([(content.size - 1) / ReadAhead.block * ReadAhead.block..<content.size], of: content)
        }
        let indexes = FileFormat.indexNames(of: content.file.name).lazy.compactMap { surroundings?.file(named: $0) }
        // Who reads a data file through has no use for its index, and a large one will say itself that it is wanted.
        if let index = indexes.first, index.file.size <= SiblingReadAhead.largest {
            prepare(index)
        }
    }

    /// Fetches a whole small file that nobody has opened, unless it is here.
    private func prepare(_ candidate: Candidate) {
        guard candidate.file.size > 0, !candidate.file.isArchived,
            let content = content(of: candidate.file, url: candidate.url)
        else { return }
        let isOpen = state.withLock { $0.contents[content] != nil }
        guard !isOpen, !content.cached.isComplete else { return }
        // Most of the memory is for what somebody has asked for.
        let limit = Int64(pool.limit / 4)
        guard shelf.withLock({ $0.put(content, limit: limit, at: .now) }) else { return }
        state.withLock { $0.open(content) }
        fetchAhead([0..<content.size], of: content)
    }

    func clearShelf(at now: ContinuousClock.Instant) {
        for content in shelf.withLock({ $0.expire(at: now) }) {
            close(content)
        }
    }
}
