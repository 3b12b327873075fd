internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Threading
internal import Uploads

extension Volume {
    /// Moves an entity to the user's trash at the service, where its owner can restore it.
    ///
    /// - Throws: EPERM without `--allow-delete`, and for what has no trash; EBUSY while files wait to be uploaded into it.
    func moveToTrash(_ directory: Node) throws(Errno) -> Answer<Void> {
        guard case .entity(let entity) = directory.content else { throw .notPermitted }
        let words = Self.words(for: entity)
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        guard configuration.allowsDelete else {
            let advice = "\(words) stays: mount with --allow-delete to move it to the trash"
            throw refused(.notPermitted, advice, in: directory.parent)
        }
        switch entity.kind {
        case .project, .sample, .appResult, .appSession, .run: break
        case .dataset, .bioSample, .genome, .file:
            throw refused(
                .notPermitted,
                "\(words): the service has no trash for a \(entity.kind.rawValue)",
                in: directory.parent
            )
        }
        return finishing("moving \(words) to the trash", in: directory.parent) { [self] in
            if let path = try await waitingFile(in: entity) {
                let words = "\(words) stays: '\(path)' waits to be uploaded into it"
                throw refusal(.resourceBusy, words, in: directory.parent)
            }
            let gone = try await tree.moveToTrash(entity)
            forgetDocuments()
            guard let kernel = kernel.withLock({ $0 }) else { return }
            kernel.invalidateEntry(directory.name, in: directory.parent)
            for node in gone where node.inode != directory.inode {
                forget(node, in: kernel)
            }
        }
    }

    /// A file below an entity that the service has not got, of this mount or another one on this machine: one with a temporary
    /// name, too.
    private func waitingFile(in entity: Entity) async throws -> String? {
        let own = staged.all.filter { !$0.isRemoved && ($0.isUnsent || !$0.hasArrived) }
        let others = try await records.run { [journal] () throws(UploadError) in try journal.filesOfOthers() }
        let waiting = own.map { ($0.place.container, $0.place.path) } + others
        // Where a file belongs is asked once for all beside it.
        for (container, path) in Dictionary(waiting, uniquingKeysWith: { first, _ in first })
        where try await tree.holds(entity, container) {
            return path
        }
        return nil
    }
}
