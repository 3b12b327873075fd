import Glibc

/// What is known of the files of a sequence besides what the local directory holds: how far each is on its way to the
/// service, and what that forbids.
///
/// | A file is | open to write, truncate | rename, replace, unlink |
/// |---|---|---|
/// | `local` | as a local file | as a local file |
/// | `committed`: closed, on its way or there | (waited for) | as a local file, or EPERM |
/// | `failed`: perhaps there, perhaps not; only with faults | (left out) | as a local file, or EPERM |
/// | `arrived` | EPERM | EPERM |
struct FileModel {
    enum Stage { case local, committed, failed, arrived }

    struct File {
        /// `nil` once it was removed.
        var path: String?
        var stage = Stage.local
        /// Open descriptors that can write.
        var writers = 0
        /// Changed since it was closed last, so that a crash leaves it unfinished.
        var isChanging = true
        /// It was made through a descriptor that only reads, and nobody could write to it yet: the last close ends it.
        var isBeingMade = false
        /// A crash left it unfinished: it is not uploaded until it is written from the start.
        var isSpoiled = false

        /// Whether it is to stay here: a component begins with a dot.
        var isHidden: Bool { path.map { $0.split(separator: "/").contains { $0.first == "." } } ?? true }
    }

    struct Descriptor {
        var file: Int
        /// Its numbers in the mount and in the local directory.
        var mounted: Int32
        var local: Int32
        var canWrite: Bool
        var hasWritten = false
    }

    /// Whether a file goes to the service when it is closed.
    let uploadsClosedFiles: Bool
    private(set) var files: [File] = []
    var open: [Int: Descriptor] = [:]

    init(uploadsClosedFiles: Bool) {
        self.uploadsClosedFiles = uploadsClosedFiles
    }

    func file(at path: String) -> Int? { files.firstIndex { $0.path == path } }

    func stage(of path: String) -> Stage? { file(at: path).map { files[$0].stage } }

    func isOpen(_ file: Int) -> Bool { open.values.contains { $0.file == file } }

    /// Files that have to be at the service before the session is complete.
    var unsent: [File] { files.filter { !$0.isHidden && $0.stage != .arrived } }

    var arrived: [File] { files.filter { !$0.isHidden && $0.stage == .arrived } }

    // MARK: What happens

    mutating func opened(_ number: Int, _ path: String, flags: Int32, sizeBefore: Int?, mounted: Int32, local: Int32) {
        let canWrite = flags & O_ACCMODE != O_RDONLY
        let file: Int
        if let known = self.file(at: path) {
            file = known
        } else {
            files.append(File(path: path, isBeingMade: !canWrite))
            file = files.count - 1
        }
        if canWrite {
            files[file].writers += 1
            files[file].isBeingMade = false
        }
        open[number] = Descriptor(file: file, mounted: mounted, local: local, canWrite: canWrite)
        guard flags & O_TRUNC != 0, sizeBefore != nil else { return }
        if files[file].isSpoiled || sizeBefore ?? 0 > 0 { files[file].isChanging = true }
        open[number]?.hasWritten = sizeBefore ?? 0 > 0
        files[file].isSpoiled = false
    }

    mutating func wrote(_ number: Int) {
        guard let file = open[number]?.file else { return }
        open[number]?.hasWritten = true
        files[file].isChanging = true
    }

    mutating func resized(_ file: Int, from old: Int, to new: Int) {
        if new != old { files[file].isChanging = true }
        if new == 0, files[file].isSpoiled {
            files[file].isSpoiled = false
            files[file].isChanging = true
        }
        files[file].isBeingMade = false
        settle(file)
    }

    /// - Returns: The file that was closed, if that commits it.
    mutating func closed(_ number: Int) -> Int? {
        guard let descriptor = open.removeValue(forKey: number) else { return nil }
        let file = descriptor.file
        if descriptor.canWrite { files[file].writers -= 1 }
        return settle(file) ? file : nil
    }

    mutating func renamed(_ old: String, to new: String) {
        guard old != new, let file = file(at: old) else { return }
        removed(new)
        files[file].path = new
        files[file].stage = .local
        if uploadsClosedFiles, !files[file].isHidden { files[file].isBeingMade = false }
        settle(file)
    }

    mutating func removed(_ path: String) {
        guard let file = file(at: path) else { return }
        files[file].path = nil
    }

    mutating func set(_ stage: Stage, of file: Int) {
        files[file].stage = stage
    }

    /// All descriptors are gone; after a crash, what was not closed is spoiled.
    mutating func mountEnded(crashed: Bool) {
        open = [:]
        for file in files.indices where files[file].path != nil {
            files[file].writers = 0
            if crashed, files[file].isChanging { files[file].isSpoiled = true }
            if files[file].stage == .failed { files[file].stage = .local }
            settle(file)
        }
    }

    /// `complete` has sent what is closed and whole, whether it succeeded or not.
    mutating func sentAll(surely: Bool) {
        for file in files.indices where !files[file].isHidden && !files[file].isSpoiled {
            files[file].isBeingMade = false
            files[file].isChanging = false
            files[file].stage = surely ? .arrived : files[file].stage == .arrived ? .arrived : .failed
        }
    }

    /// A file that nobody can write to any more is whole, and goes to the service.
    @discardableResult
    private mutating func settle(_ file: Int) -> Bool {
        guard files[file].writers == 0, !files[file].isSpoiled,
            !(files[file].isBeingMade && isOpen(file))
        else { return false }
        files[file].isChanging = false
        guard uploadsClosedFiles, files[file].stage == .local, !files[file].isHidden else { return false }
        files[file].stage = .committed
        return true
    }
}
