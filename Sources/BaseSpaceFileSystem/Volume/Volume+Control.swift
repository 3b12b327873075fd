internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Uploads

/// `Status` and `StatusSummary`: files that show the state of an AppResult's session and change it when written to.
///
/// One write is one command and acts before it returns, because a shell loses the errors of `close`:
/// `echo complete > Status || echo failed` has to see them.
extension Volume {
    func open(
        _ control: ControlFile,
        of appResult: AppResult,
        node: Node,
        mode: OpenMode
    ) throws(Errno) -> Answer<OpenFile> {
        if mode.writes {
            guard tree.knownSession(of: appResult)?.status.isFinal != true else { throw .readOnlyFileSystem }
            return .ready(opened(.control(node), isDirect: true))
        }
        if let session = tree.freshSession(of: appResult) {
            return .ready(opened(.text(Self.text(of: control, in: session)), isDirect: true))
        }
        return pending("asking for the state of AppResult '\(appResult.name)'") { [self] in
            let session = try await tree.session(of: appResult)
            return opened(.text(Self.text(of: control, in: session)), isDirect: true)
        }
    }

    /// Carries out what was written to a control file.
    func command(_ bytes: [UInt8], to node: Node) throws(Errno) -> Answer<Int> {
        guard case .control(let control, let appResult) = node.content else { throw .badFileDescriptor }
        let count = bytes.count
        let command = try SessionCommand(String(decoding: bytes, as: UTF8.self), to: control, logger: logger)
        return finishing("setting the state of AppResult '\(appResult.name)'") { [self] in
            do {
                // An aborted session needs nothing more.
                if command.status == .complete {
                    try await sendEverything(of: appResult)
                }
                _ = try await tree.setSession(of: appResult, to: command.status, summary: command.summary)
            } catch let error as BaseSpaceError {
                // A refusal because somebody else has ended the session is EROFS, as for everything else in it.
                guard case .service(status: 403...409) = error.kind,
                    try await tree.refreshedSession(of: appResult).status.isFinal
                else { throw error }
                logger.warning("AppResult '\(appResult.name)' is final: \(error)")
                throw Errno.readOnlyFileSystem
            }
            forgetInKernel(appResult)
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

    /// Waits until every file of the session is at the service.
    ///
    /// - Throws: EBUSY while one is open for writing, EIO if one could not be uploaded; the log names it.
    private func sendEverything(of appResult: AppResult) async throws {
        let lost = unusable.withLock { Array($0.values) }
            .filter { tree.isSameSession($0.container, as: appResult) }
        if let first = lost.first {
            logger.warning(
                """
                AppResult '\(appResult.name)' can't be ended: the staged copy of '\(first.path)' can't be used; see \
                `basespacefs uploads list`; discard it, or mount again when it can
                """
            )
            throw Errno.ioError
        }
        // Others may go on while this waits: what they close meanwhile belongs to the session as well.
        while true {
            let entries = staged.all.filter { tree.isSameSession($0.place.container, as: appResult) && $0.isUnsent }
            guard !entries.isEmpty else { return }
            if let open = entries.first(where: \.isBeingWritten) {
                logger.warning("AppResult '\(appResult.name)' can't be ended: '\(open.place.path)' is open for writing")
                throw Errno.resourceBusy
            }
            guard await commitAll(entries).isEmpty else {
                let names = entries.filter(\.isUnsent).map { "'\($0.place.path)'" }.sorted().joined(separator: ", ")
                logger.warning("AppResult '\(appResult.name)' can't be ended: \(names) could not be uploaded")
                throw Errno.ioError
            }
        }
    }

    /// The kernel forgets what a change of state changes: the texts, and what is writable, in every AppResult of the session.
    private func forgetInKernel(_ appResult: AppResult) {
        guard let kernel = kernel.withLock({ $0 }) else { return }
        for node in tree.knownNodes(ofSessionOf: appResult) {
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

    /// The service takes no more characters in a summary (`basespace` API, POST appsessions/{id}).
    static let maximumSummary = 128

    /// The words for `Status`, as they are listed to who writes another one.
    private static let states = "running, needsattention, timedout, complete or aborted"

    /// Reads a command: `complete`, `complete Some words` for `Status`, any line for `StatusSummary`.
    ///
    /// - Throws: EINVAL; the log says what is allowed.
    init(_ text: String, to control: ControlFile, logger: Logger) throws(Errno) {
        let line = text.split(whereSeparator: \.isNewline).map(String.init).first ?? ""
        let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        switch control {
        case .status:
            guard let word = words.first, let status = SessionStatus(command: String(word)) else {
                logger.warning("'\(line)' is no state; write \(Self.states) to Status")
                throw .invalidArgument
            }
            self.status = status
            summary = words.count > 1 ? String(words[1].drop(while: \.isWhitespace)) : nil
        case .statusSummary:
            status = nil
            summary = line
        }
        if let summary, summary.count > Self.maximumSummary {
            logger.warning("a summary of \(summary.count) characters is too long; \(Self.maximumSummary) are allowed")
            throw .invalidArgument
        }
    }
}
