internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Threading
internal import Uploads

/// `Status` and `StatusSummary`: files that show the state of an AppResult's session and change it when written to.
///
/// One write is one command and acts before it returns, because a shell loses the errors of `close`:
/// `echo complete > Status || echo failed` has to see them.
extension Volume {
    func open(
        _ control: ControlFile,
        of entity: Entity,
        node: Node,
        mode: OpenMode
    ) throws(Errno) -> Answer<OpenFile> {
        if mode.writes {
            if let status = tree.knownSession(of: entity)?.status, status.isFinal {
                throw refused(.readOnlyFileSystem, "\(Self.words(for: entity)) is final: \(status)", in: node.parent)
            }
            return .ready(opened(.command(node), isDirect: true))
        }
        if let session = tree.freshSession(of: entity) {
            return .ready(opened(.text(Self.text(of: control, in: session)), isDirect: true))
        }
        return pending("asking for the state of \(Self.words(for: entity))", in: node.parent) { [self] in
            let session = try await tree.session(of: entity)
            return opened(.text(Self.text(of: control, in: session)), isDirect: true)
        }
    }

    /// Carries out what was written to a file whose writes are commands.
    func command(_ bytes: [UInt8], to node: Node) throws(Errno) -> Answer<Int> {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refused(.invalidArgument, "'\(node.name)' takes UTF-8, and nothing else", in: node.parent)
        }
        switch node.content {
        case .control(let control, let entity):
            let command = try SessionCommand(text, to: control) { words in
                _ = refused(.invalidArgument, words, in: node.parent)
            }
            return try setState(of: entity, as: command, in: node.parent, count: bytes.count)
        case .commands(let directory): return try self.command(text, for: directory, count: bytes.count)
        default: throw .badFileDescriptor
        }
    }

    /// Sets the state of a session, after everything of it is uploaded if it is to be complete.
    ///
    /// - Parameters:
    ///   - directory: Where the command was given.
    ///   - count: What the answer is: the bytes of the command.
    func setState(
        of entity: Entity,
        as command: SessionCommand,
        in directory: InodeNumber,
        count: Int
    ) throws(Errno) -> Answer<Int> {
        finishing("setting the state of \(Self.words(for: entity))", in: directory) { [self] in
            do {
                // An aborted session needs nothing more.
                if command.status == .complete {
                    try await sendEverything(of: entity, in: directory)
                }
                _ = try await tree.setSession(of: entity, to: command.status, summary: command.summary)
            } catch let error as BaseSpaceError {
                // A refusal because somebody else has ended the session is EROFS, as for everything else in it.
                guard case .service(status: 403...409) = error.kind,
                    try await tree.refreshedSession(of: entity).status.isFinal
                else { throw error }
                throw refusal(.readOnlyFileSystem, "\(Self.words(for: entity)) is final: \(error)", in: directory)
            }
            forgetInKernel(entity)
            forgetDocuments()
            return count
        }
    }

    /// The text of a control file.
    static func text(of control: ControlFile, in session: KnownSession?) -> [UInt8] {
        guard let session else { return [] }
        switch control {
        case .status: return Array("\(session.status.rawValue)\n".utf8)
        case .statusSummary: return session.summary.isEmpty ? [] : Array("\(session.summary)\n".utf8)
        }
    }

    /// An entity in a message: `AppResult 'calls'`.
    static func words(for entity: Entity) -> String {
        let kind =
            switch entity.kind {
            case .appResult: "AppResult"
            case .appSession: "AppSession"
            default: entity.kind.rawValue
            }
        return "\(kind) '\(entity.name)'"
    }

    /// Waits until every file of the session is at the service.
    ///
    /// - Throws: EBUSY while one is open for writing, or another mount's, EIO if one could not be uploaded; the log names it.
    private func sendEverything(of entity: Entity, in directory: InodeNumber) async throws {
        let lost = unusable.withLock { Array($0.values) }
        if let first = try await inSession(of: entity, lost, container: { $0.container }).first {
            let words =
                """
                \(Self.words(for: entity)) can't be ended: the staged copy of '\(first.path)' can't be used; see \
                `basespacefs uploads list`; discard it, or mount again when it can
                """
            throw refusal(.ioError, words, in: directory)
        }
        // Others may go on while this waits: what they close meanwhile belongs to the session as well.
        while true {
            let entries = try await inSession(
                of: entity,
                staged.all.filter(\.isUnsent),
                container: { $0.place.container }
            )
            guard !entries.isEmpty else { return try await refuseToEndForOthers(entity, in: directory) }
            if let open = entries.first(where: \.isBeingWritten) {
                let words = "\(Self.words(for: entity)) can't be ended: '\(open.place.path)' is open for writing"
                throw refusal(.resourceBusy, words, in: directory)
            }
            guard await commitAll(entries).isEmpty else {
                let names = entries.filter(\.isUnsent).map { "'\($0.place.path)'" }.sorted().joined(separator: ", ")
                let words =
                    "\(Self.words(for: entity)) can't be ended: \(names) could not be uploaded; see `basespacefs uploads list`"
                throw refusal(.ioError, words, in: directory)
            }
        }
    }

    /// Those of some files that belong to the session of an entity. A mount that has just begun may have files of an earlier one
    /// in AppResults that nobody has listed yet: what is not known is asked for, once for each AppResult.
    private func inSession<File>(
        of entity: Entity,
        _ files: [File],
        container: (File) -> FileContainer
    ) async throws(BaseSpaceError) -> [File] {
        var belongs: [FileContainer: Bool] = [:]
        for place in Set(files.map(container)) {
            belongs[place] = try await tree.belongs(place, toSessionOf: entity)
        }
        return files.filter { belongs[container($0)] == true }
    }

    /// Other mounts of the account on this machine may have files of the session as well, which nobody could send any more
    /// after its end.
    ///
    /// - Throws: EBUSY if there is one.
    private func refuseToEndForOthers(_ entity: Entity, in directory: InodeNumber) async throws {
        let others = try await records.run { [journal] () throws(UploadError) in try journal.filesOfOthers() }
        guard let file = try await inSession(of: entity, others, container: { $0.container }).first else { return }
        let words =
            """
            \(Self.words(for: entity)) can't be ended: '\(file.path)' is another mount's, which has not uploaded it yet; \
            `basespacefs uploads list` shows how far it is
            """
        throw refusal(.resourceBusy, words, in: directory)
    }

    /// The kernel forgets what a change of state changes: the texts, and what is writable, in every AppResult of the session.
    private func forgetInKernel(_ entity: Entity) {
        guard let kernel = kernel.withLock({ $0 }) else { return }
        for node in tree.knownNodes(ofSessionOf: entity) {
            // Pages of files are worth keeping, and their modes change only where they can be overwritten.
            if case .file = node.content, !configuration.allowsOverwrite { continue }
            kernel.invalidateInode(node.inode)
        }
    }
}

/// What a write to a control file asks for.
struct SessionCommand {
    /// The new state; `nil` leaves it.
    let status: SessionStatus?
    /// The new summary; `nil` leaves it.
    let summary: String?

    /// Ends a session.
    static let complete = SessionCommand(status: .complete, summary: nil)

    private init(status: SessionStatus?, summary: String?) {
        self.status = status
        self.summary = summary
    }

    /// The service takes no more characters in a summary (`basespace` API, POST appsessions/{id}).
    static let maximumSummary = 128

    /// The words for `Status`, as they are listed to who writes another one.
    private static let states = "running, needsattention, timedout, complete or aborted"

    /// Reads a command: `complete`, `complete Some words` for `Status`, any line for `StatusSummary`.
    ///
    /// - Parameter complain: Is told what is wrong and what is allowed.
    /// - Throws: EINVAL.
    init(_ text: String, to control: ControlFile, complain: (String) -> Void) throws(Errno) {
        let line = text.split(whereSeparator: \.isNewline).map(String.init).first ?? ""
        let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        switch control {
        case .status:
            guard let word = words.first, let status = SessionStatus(command: String(word)) else {
                complain("'\(line)' is no state; write \(Self.states) to Status")
                throw .invalidArgument
            }
            self.status = status
            summary = words.count > 1 ? String(words[1].drop(while: \.isWhitespace)) : nil
        case .statusSummary:
            status = nil
            summary = line
        }
        if let summary, summary.count > Self.maximumSummary {
            complain("a summary of \(summary.count) characters is too long; \(Self.maximumSummary) are allowed")
            throw .invalidArgument
        }
    }
}
