public import BaseSpaceAPI
internal import GRDB
internal import Synchronization

extension JournalFile: UploadRecord {
    public var progress: UploadProgress { state.withLock { $0.row.progress(sent: $0.sent) } }

    public func sendingWhole() {
        begin("that \(serial) is being sent") { row in
            row.clearProgress()
            row.isSendingWhole = true
        }
    }

    public func began(_ id: EntityID, partSize: Int64) {
        begin("the upload \(id) of \(serial)") { row in
            row.clearProgress()
            row.uploadID = id.rawValue
            row.partSize = partSize
        }
    }

    public func sending(part number: Int) {
        guard state.withLock({ $0.sent[number] == nil }) else { return }
        sent(part: number, md5: "")
    }

    public func sent(part number: Int, md5: String) {
        guard state.withLock({ !$0.isRemoved && $0.sent[number] != md5 }) else { return }
        do throws(JournalFault) {
            try journal.database.change { database in
                try PartRow(serial: serial, number: number, md5: md5).insert(database)
            } committed: {
                state.withLock { $0.sent[number] = md5 }
            }
        } catch {
            journal.report(error, doing: "part \(number) of \(serial)")
        }
    }

    public func abandoned() {
        begin("the end of the upload of \(serial)") { $0.clearProgress() }
    }

    public func arrived(as id: EntityID, isCurrent: () -> Bool) {
        begin("the arrival of \(serial)") { [boot = journal.boot] row in
            row.clearProgress()
            // Written again meanwhile: what arrived is not all of it any more.
            if row.stage != .writing, row.stage != .spoiled, isCurrent() { row.enter(.arrived, boot: boot) }
        }
        // The time goes with the file, also when this process ends right now.
        if let modified = state.withLock({ $0.row.modified }) { journal.setModified(of: id, modified) }
    }

    /// Goes on to another upload, of which no part is known.
    private func begin(_ what: @autoclosure () -> String, _ body: (inout FileRow) -> Void) {
        note(
            what(),
            body,
            parts: { _ = try PartRow.filter(Column("serial") == self.serial).deleteAll($0) },
            sent: { $0 = [:] }
        )
    }
}
