internal import Logging
internal import Namespace
internal import SystemPackage
internal import Threading
internal import Uploads

/// Shared writable maps of staged files (`MAP_SHARED`).
///
/// The kernel tells nobody of a map. What is written to one comes as an ordinary `write` through a handle that was
/// mapped: before `msync`, `munmap` and the flush of a descriptor return, and whenever the kernel likes. A map outlives
/// the descriptors it was made with, and the handle's release comes after the last map.
extension Volume {
    /// Whether a process that closes its last descriptor of a file goes on to write through a map. It is then the
    /// release that commits.
    func leavesMapped(_ handle: StagedHandle, _ process: Int32) async -> Bool {
        let entry = handle.entry
        guard entry.mayBeMapped,
            await processes.run({ ThreadGroup.process(process, mapsWritably: entry.inode) })
        else { return false }
        handle.noteLeftMapped()
        return true
    }

    /// Keeps back what a program that was killed had written to a map, whose descriptor it had closed before, so that no
    /// flush tells of the kill. Its last pages are written while it dies, and can be seen to be.
    func spoilIfMapperWasKilled(_ handle: StagedHandle) {
        guard handle.isLeftMapped, ThreadGroup.isKilled(thread: handle.opener) else { return }
        spoilKilled(handle.entry)
    }

    /// Nobody asked for the half that a killed program had written.
    func spoilKilled(_ entry: StagedEntry) {
        guard entry.damage == nil else { return }
        entry.spoil(by: .interrupted)
        logger.warning("'\(entry.place.path)' stays here: its writer was killed; write it again or remove it")
    }
}
