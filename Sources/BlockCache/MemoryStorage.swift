internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// Contents in anonymous memory: two memfds, one for all blocks and one for all maps. Each content has a region of its
/// own in both. Regions are address space of a sparse file (2^63 bytes), so they are never used again; what is punched or
/// never written takes no memory.
final class MemoryStorage: Storage {
    private struct Slot {
        let key: ContentKey
        let dataStart: Int64
        let mapStart: Int64
        /// Those who have the content open share one object.
        weak var files: ContentFiles?
    }

    private struct State {
        var slots: [ContentName: Slot] = [:]
        var nextData: Int64 = 0
        var nextMap: Int64 = 0
    }

    private let data: CInt
    private let map: CInt
    private let state = Mutex(State())

    let isWritable = true
    let hasFileForEachContent = false

    init() throws(BlockCacheError) {
        data = CLinux_createMemoryFile("basespacefs-blocks")
        map = CLinux_createMemoryFile("basespacefs-maps")
        guard data >= 0, map >= 0 else {
            let error = FileIO.lastError
            Glibc.close(data)
            Glibc.close(map)
            throw BlockCacheError(.outOfResources, "can't make a cache in memory: \(error)", errno: error)
        }
    }

    deinit {
        Glibc.close(data)
        Glibc.close(map)
    }

    /// A ledger in memory.
    func makeLedger() throws(BlockCacheError) -> Ledger {
        let file = CLinux_createMemoryFile("basespacefs-ledger")
        let ledger = Ledger(file: file)
        if let error = file < 0 ? FileIO.lastError : ledger.open() {
            throw BlockCacheError(.outOfResources, "can't make a cache in memory: \(error)", errno: error)
        }
        return ledger
    }

    func open(
        _ name: ContentName,
        for key: ContentKey?,
        creating: Bool,
        ledger: Ledger
    ) throws(Errno) -> ContentFiles? {
        state.withLock { state in
            if state.slots[name] == nil, creating, let key {
                let layout = ContentLayout(size: key.size)
                state.slots[name] = Slot(key: key, dataStart: state.nextData, mapStart: state.nextMap)
                state.nextData += Int64(layout.chunkCount) * Int64(ContentLayout.chunkSize)
                // Whole pages, so that a removed map can be given back.
                let mapSize = Int64(MapHeader.pageSize) + Int64(layout.chunkCount * ChunkRecord.size)
                state.nextMap += (mapSize + 4095) & ~4095
            }
            guard var slot = state.slots[name], key == nil || slot.key == key else { return nil }
            if let files = slot.files {
                return files
            }
            let files = ContentFiles(
                name: name,
                key: slot.key,
                data: data,
                dataStart: slot.dataStart,
                map: map,
                mapStart: slot.mapStart
            )
            slot.files = files
            state.slots[name] = slot
            return files
        }
    }

    func names() -> [ContentName] {
        state.withLock { Array($0.slots.keys) }
    }

    func removeUnused(_ name: ContentName, ledger: Ledger) {
        state.withLock { state in
            guard let slot = state.slots[name], slot.files == nil else { return }
            let files = ContentFiles(
                name: name,
                key: slot.key,
                data: data,
                dataStart: slot.dataStart,
                map: map,
                mapStart: slot.mapStart
            )
            let chunks = files.layout.chunkCount
            guard (0..<chunks).allSatisfy({ files.record(ofChunk: $0).allocated == 0 }) else { return }
            let mapSize = (Int64(MapHeader.pageSize + chunks * ChunkRecord.size) + 4095) & ~4095
            _ = CLinux_punchHole(map, slot.mapStart, mapSize)
            state.slots[name] = nil
        }
    }

    func freeSpace() -> (available: Int64, total: Int64)? { nil }

    var isUsedByOthers: Bool { false }

    func close(_ ledger: Ledger) {}
}
