public import BaseSpaceAPI
internal import GRDB
internal import Synchronization
public import SystemPackage

/// A staged file in the journal. What is so already costs no write, so that callers need not look first.
///
/// What can't be remembered is logged, unless the call throws: the program's bytes are in the staged file either way.
public final class JournalFile: Sendable {
    struct State {
        var row: FileRow
        /// The MD5s of the parts that were sent; empty until the service acknowledged them.
        var sent: [Int: String]
        /// The row is safe on disk as it is.
        var isDurable = false
        var isRemoved = false
    }

    /// The name of its file in the staging area.
    public let serial: String

    let journal: Journal
    let state: Mutex<State>

    init(row: FileRow, sent: [Int: String], journal: Journal) {
        serial = row.serial
        self.journal = journal
        state = Mutex(State(row: row, sent: sent))
    }

    /// It goes to another place. What is open at the service for the old one is forgotten: the caller gives it up there.
    ///
    /// - Throws: What the disk says; it is at its old place then.
    public func move(to container: FileContainer, path: String) throws(Errno) {
        do throws(JournalFault) {
            try change(
                { row in
                    guard row.container != container || row.path != path else { return }
                    row.container = container
                    row.path = path
                    row.clearProgress()
                },
                parts: { _ = try PartRow.filter(Column("serial") == serial).deleteAll($0) },
                sent: { $0 = [:] }
            )
        } catch {
            journal.report(error, doing: "the new place of \(serial)")
            throw error.errno
        }
    }

    /// It is not committed any more, and what was asked for it is void; to be told before the first byte changes. Where the
    /// commit is safe on the disk, this is made safe too: with the power lost, half of the change would be taken for the
    /// whole.
    ///
    /// - Throws: What the disk says. No byte may change then: after a crash it would be taken for whole.
    public func beginWriting() throws(Errno) {
        do throws(JournalFault) {
            let wasSafe = state.withLock { $0.row.stage != .writing && $0.row.isSecured }
            try change(
                durably: wasSafe,
                { [boot = journal.boot] in $0.enter(.writing, boot: boot) },
                parts: dropRequest
            )
        } catch {
            journal.report(error, doing: "that \(serial) is written again")
            throw error.errno
        }
    }

    /// It enters a state; `sealed` when no write is under way.
    public func setState(_ new: JournalState) {
        note(
            "that \(serial) is \(new)",
            { [boot = journal.boot] in $0.enter(new, boot: boot) },
            parts: { if new == .writing { try dropRequest(in: $0) } }
        )
    }

    /// What was asked for was meant for what it was before.
    private func dropRequest(in database: Database) throws {
        _ = try RequestRow.deleteOne(database, key: serial)
    }

    /// What programs may set of it; `modified` only when it was set.
    public func setDetails(permissions: UInt16, contentType: String?, modified: Timestamp?) {
        note("the attributes of \(serial)") { row in
            row.permissions = Int(permissions)
            row.contentType = contentType
            row.modified = modified
        }
    }

    /// Makes what is remembered of it, and all that was remembered before, safe on the disk. To be called when its
    /// bytes are (`fsync`). Blocks for as long as the disk takes.
    public func makeDurable() throws(Errno) {
        guard state.withLock({ !$0.isRemoved && !$0.isDurable }) else { return }
        do throws(JournalFault) {
            try change(durably: true) { row in
                row.syncs += 1
                // What is written after a sync is not safe; only the bytes of a commit point don't change.
                if row.stage != .writing { row.securedSeal = row.seal }
            }
        } catch {
            journal.report(error, doing: "that \(serial) is on disk")
            throw error.errno
        }
    }

    /// Forgets it: the staged file is gone, or is about to go.
    public func remove() {
        guard state.withLock({ !$0.isRemoved }) else { return }
        do throws(JournalFault) {
            try journal.database.change { database in
                _ = try FileRow.deleteOne(database, key: serial)
            } committed: { _ in
                state.withLock { $0.isRemoved = true }
                journal.expectSecuring(of: self, seal: nil)
            }
        } catch {
            journal.report(error, doing: "that \(serial) is gone")
        }
    }

    /// Takes note that the bytes of a commit point are safe on disk; for several files in one durable transaction.
    ///
    /// - Returns: What is to be done once that is committed; `nil` when it has been written since.
    func secured(_ seal: Int64, in database: Database) throws -> (() -> Void)? {
        let old = state.withLock { $0.isRemoved ? nil : $0.row }
        guard let old, old.seal == seal, old.stage != .writing else { return nil }
        var new = old
        new.securedSeal = seal
        new.syncs += 1
        try new.updateChanges(database, from: old)
        return { [new] in
            self.state.withLock { state in
                state.row = new
                state.isDurable = true
            }
            self.journal.expectSecuring(of: self, seal: nil)
        }
    }

    /// Has its bytes made safe on disk, if that is not known of them.
    func expectSecuringIfNeeded() {
        let row = state.withLock { $0.row }
        if row.awaitsSecuring { journal.expectSecuring(of: self, seal: row.seal) }
    }

    /// Changes the row; that this can't be remembered is logged.
    func note(
        _ what: @autoclosure () -> String,
        _ body: (inout FileRow) -> Void,
        parts: (Database) throws -> Void = { _ in },
        sent: (inout [Int: String]) -> Void = { _ in }
    ) {
        do throws(JournalFault) {
            try change(body, parts: parts, sent: sent)
        } catch {
            journal.report(error, doing: what())
        }
    }

    /// Changes the row, on disk first and then here; does nothing when that changes nothing.
    ///
    /// - Parameters:
    ///   - parts: Changes rows that belong to it, when the row changes.
    ///   - sent: Does the same here.
    private func change(
        durably: Bool = false,
        _ body: (inout FileRow) -> Void,
        parts: (Database) throws -> Void = { _ in },
        sent: (inout [Int: String]) -> Void = { _ in }
    ) throws(JournalFault) {
        func changed() -> (old: FileRow, new: FileRow)? {
            state.withLock { state in
                var new = state.row
                body(&new)
                return state.isRemoved || new == state.row ? nil : (state.row, new)
            }
        }
        guard changed() != nil else { return }
        try journal.database.change(durably: durably) { database -> FileRow? in
            // Others may have changed it since; nobody does from here on.
            guard let (old, new) = changed() else { return nil }
            try new.updateChanges(database, from: old)
            try parts(database)
            return new
        } committed: { new in
            guard let new else { return }
            state.withLock { state in
                state.row = new
                sent(&state.sent)
                state.isDurable = durably
            }
            journal.expectSecuring(of: self, seal: new.awaitsSecuring ? new.seal : nil)
        }
    }
}
