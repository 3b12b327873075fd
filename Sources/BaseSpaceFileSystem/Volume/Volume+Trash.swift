internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage

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
        guard !staged.all.contains(where: { $0.isUnsent && tree.mayContain($0.place.container, entity) }) else {
            throw refused(.resourceBusy, "\(words) stays: files wait to be uploaded into it", in: directory.parent)
        }
        return finishing("moving \(words) to the trash", in: directory.parent) { [self] in
            try await tree.moveToTrash(entity.key)
            kernel.withLock { $0 }?.invalidateEntry(directory.name, in: directory.parent)
        }
    }
}
