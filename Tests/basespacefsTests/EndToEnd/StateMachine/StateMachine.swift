import BaseSpaceSimulator
import Foundation
import Glibc
import SystemPackage
import TestSupport

/// Goes through a sequence of steps in a mount and in a local directory, and compares what both answer.
struct StateMachine {
    /// A mount and the service differ from what they should be.
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// How the mount is made, and what the service does to it.
    struct Setting: Sendable, CustomStringConvertible {
        var policy: String
        /// Requests that fail now and then.
        var faults: [Fault] = []
        /// Whether all names, sizes and contents are compared after each step. That looks at everything, and so brings
        /// the kernel's memory of it up to date; what is wrong there shows only without.
        var looksEverywhere = true

        var description: String { policy + (faults.isEmpty ? "" : " with faults") }
    }

    private let account: Account
    private let setting: Setting
    private let local: FileCalls
    private var mount: Mount
    private var result: NewAppResult
    private var mounted: FileCalls
    private var model: FileModel
    /// Whether the session is complete, after which there is nothing left to do.
    private var isComplete = false

    /// Runs a sequence in an account of its own.
    ///
    /// - Returns: What is wrong.
    static func run(_ steps: [FileStep], _ setting: Setting, seed: UInt64) async throws -> Difference? {
        var found: Difference?
        let data = try await AccountData.random(["projects/P/samples/S/x": 1])
        // Whatever is sent twice is there twice.
        try await Account.using(data, configure: { ($0.samePath, $0.seed) = (.duplicate, seed) }) { account in
            var machine = try await StateMachine(account, setting)
            do {
                try await machine.perform(steps)
            } catch let difference as Difference {
                found = difference
            } catch {
                machine.closeAll()
                throw error
            }
            machine.closeAll()
        }
        return found
    }

    private init(_ account: Account, _ setting: Setting) async throws {
        self.account = account
        self.setting = setting
        let directory = account.home.file("work").appending("model").string
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        local = FileCalls(root: directory)
        mount = try await Self.mount(account, setting)
        result = try await mount.makeAppResult()
        mounted = FileCalls(root: mount.absolute(result.files))
        model = FileModel(uploadsClosedFiles: setting.policy != "complete")
    }

    private static func mount(_ account: Account, _ setting: Setting) async throws -> Mount {
        try await account.mount("--upload-policy", setting.policy, "--upload-part-size", "5M")
    }

    private mutating func perform(_ steps: [FileStep]) async throws {
        account.simulator.setFaults(setting.faults)
        for (index, step) in steps.enumerated() where !isComplete {
            do {
                try await perform(step)
                if setting.looksEverywhere || index % 16 == 15 { try await compareAll(contents: index % 8 == 7) }
            } catch let difference as Difference {
                throw Difference(description: "after step \(index), \(step): \(difference.description)")
            }
        }
        try await end()
    }

    // MARK: Steps

    private mutating func perform(_ step: FileStep) async throws {
        switch step {
        case .open(let number, let path, let flags): try await open(number, path, flags)
        case .close(let number): try await close(number)
        case .read(let number, _, _), .write(let number, _, _, _), .continueWriting(let number, _, _),
            .resize(let number, _), .synchronize(let number):
            try await use(number, step)
        case .truncate(let path, let size): try await truncate(path, to: size)
        case .rename(let old, let new): try await rename(old, to: new)
        case .unlink(let path): try await unlink(path)
        case .makeDirectory, .removeDirectory, .stat, .list, .readBack: try await same(step)
        case .complete: try await complete()
        case .remount: try await remount()
        case .kill: try await killAndRemount()
        }
    }

    private mutating func open(_ number: Int, _ path: String, _ flags: Int32) async throws {
        guard model.open[number] == nil else { return }
        guard flags & O_ACCMODE == O_RDONLY || isReadyToChange(path) else { return }
        try await waitUntilSettled(path)
        let (mounted, local) = (mounted, local)
        let sizeBefore = await size(path)
        let (outcome, descriptor) = try await onOwnThread { mounted.open(path, flags) }
        // The kernel looks for O_EXCL and directories before anybody looks at the rights.
        let isNew = flags & O_EXCL != 0 && flags & O_CREAT != 0
        if flags & O_ACCMODE != O_RDONLY, !isNew, model.stage(of: path) == .arrived {
            guard outcome.error == EPERM else { throw Difference(description: "EPERM expected, not \(outcome)") }
            return
        }
        let (wanted, localDescriptor) = try await onOwnThread { local.open(path, flags) }
        if outcome == wanted, outcome.error == 0 {
            model.opened(
                number,
                path,
                flags: flags,
                sizeBefore: sizeBefore,
                mounted: descriptor,
                local: localDescriptor
            )
            return
        }
        for descriptor in [descriptor, localDescriptor] where descriptor >= 0 { Glibc.close(descriptor) }
        try Self.compare(outcome, wanted)
    }

    private mutating func use(_ number: Int, _ step: FileStep) async throws {
        guard let descriptor = model.open[number] else { return }
        let sizeBefore = sizeOfOpenFile(descriptor.local)
        let outcome = try await onOwnThread { FileCalls.perform(step, on: descriptor.mounted) }
        let wanted = try await onOwnThread { FileCalls.perform(step, on: descriptor.local) }
        try Self.compare(outcome, wanted)
        guard wanted.error == 0 else { return }
        switch step {
        case .write, .continueWriting: model.wrote(number)
        case .resize(_, let size): model.resized(descriptor.file, from: sizeBefore, to: size)
        default: break
        }
    }

    private mutating func close(_ number: Int) async throws {
        guard let descriptor = model.open[number] else { return }
        let isSpoiled = model.files[descriptor.file].isSpoiled
        let outcome = try await onOwnThread { FileCalls.perform(.close(number), on: descriptor.mounted) }
        Glibc.close(descriptor.local)
        let committed = model.closed(number)
        // What a crash left unfinished is said to whoever closes it.
        if descriptor.canWrite, isSpoiled {
            return try Self.compare(outcome, FileOutcome(error: EINTR))
        }
        if let committed, outcome.error == EIO, mayFail {
            model.set(.failed, of: committed)
            return
        }
        try Self.compare(outcome, FileOutcome())
        if let committed, setting.policy == "close", descriptor.hasWritten {
            try expectReceived(model.files[committed].path ?? "")
            model.set(.arrived, of: committed)
        }
    }

    private mutating func truncate(_ path: String, to size: Int) async throws {
        guard isReadyToChange(path) else { return }
        try await waitUntilSettled(path)
        let sizeBefore = await self.size(path)
        let (mounted, local) = (mounted, local)
        let outcome = try await onOwnThread { mounted.perform(.truncate(path, to: size)) }
        if model.stage(of: path) == .arrived, size != sizeBefore {
            return try Self.compare(outcome, FileOutcome(error: EPERM))
        }
        let wanted = try await onOwnThread { local.perform(.truncate(path, to: size)) }
        let file = model.file(at: path)
        if let file, wanted.error == 0 { model.resized(file, from: sizeBefore ?? 0, to: size) }
        // It is done, but what comes of it is not: it can't be, or was not, uploaded.
        if let file, model.uploadsClosedFiles {
            if model.files[file].isSpoiled, outcome.error == EINTR { return }
            if outcome.error == EIO, mayFail {
                model.set(.failed, of: file)
                return
            }
        }
        try Self.compare(outcome, wanted)
    }

    private mutating func rename(_ old: String, to new: String) async throws {
        // Directories can't be renamed; there is nothing to compare.
        let isDirectory = await size(old) == -1
        guard !isDirectory else { return }
        let (mounted, local) = (mounted, local)
        let outcome = try await onOwnThread { mounted.perform(.rename(old, to: new)) }
        if old != new, try await isRefused(.rename(old, to: new), outcome, [old, new]) { return }
        let wanted = try await onOwnThread { local.perform(.rename(old, to: new)) }
        if wanted.error == 0 { model.renamed(old, to: new) }
        if outcome.error == EIO, mayFail, let file = model.file(at: new), wanted.error == 0 {
            model.set(.failed, of: file)
            return
        }
        try Self.compare(outcome, wanted)
    }

    private mutating func unlink(_ path: String) async throws {
        let (mounted, local) = (mounted, local)
        let outcome = try await onOwnThread { mounted.perform(.unlink(path)) }
        if try await isRefused(.unlink(path), outcome, [path]) { return }
        let wanted = try await onOwnThread { local.perform(.unlink(path)) }
        if wanted.error == 0 { model.removed(path) }
        try Self.compare(outcome, wanted)
    }

    /// A step that means the same in both.
    private func same(_ step: FileStep) async throws {
        let (mounted, local) = (mounted, local)
        let outcome = try await onOwnThread { mounted.perform(step) }
        try Self.compare(outcome, try await onOwnThread { local.perform(step) })
    }

    // MARK: Ends

    private mutating func complete() async throws {
        let unsent = model.unsent
        let outcome = try await setComplete()
        if unsent.contains(where: { $0.writers > 0 }) {
            return try Self.compare(outcome, FileOutcome(error: EBUSY))
        }
        if unsent.contains(where: \.isSpoiled) {
            try Self.compare(outcome, FileOutcome(error: EIO))
            return model.sentAll(surely: !mayFail)
        }
        if outcome.error == EIO, mayFail { return model.sentAll(surely: false) }
        try Self.compare(outcome, FileOutcome())
        model.sentAll(surely: true)
        isComplete = true
    }

    private func setComplete() async throws -> FileOutcome {
        let path = mount.absolute(result.path + "/Status")
        return try await onOwnThread {
            let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return FileOutcome(error: errno) }
            defer { Glibc.close(descriptor) }
            return Array("complete\n".utf8).withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count) < 0 ? FileOutcome(error: errno) : FileOutcome()
            }
        }
    }

    private mutating func remount() async throws {
        for number in model.open.keys.sorted() { try await close(number) }
        let end = try await mount.unmount()
        let isLeftOver =
            model.files.contains { $0.path != nil && ($0.isSpoiled || $0.isHidden) }
            || !model.uploadsClosedFiles && !model.unsent.isEmpty
        if !mayFail, (end.status != 0) != isLeftOver {
            throw Difference(description: "unmount ends with \(end.status) and says: \(end.errors)")
        }
        model.mountEnded(crashed: false)
        mount = try await Self.mount(account, setting)
        try await compareAll(contents: true)
    }

    private mutating func killAndRemount() async throws {
        for daemon in account.daemons { kill(daemon, SIGKILL) }
        let account = account
        try await eventually("the daemon is gone") { account.daemons.isEmpty }
        closeAll()
        try await Shell.output(["fusermount3", "-u", mount.path.string])
        model.mountEnded(crashed: true)
        mount = try await Self.mount(account, setting)
        try await compareAll(contents: true)
        try await compareSpoiled()
    }

    /// The last step: everything that is whole goes to the service, once and as it is.
    private mutating func end() async throws {
        account.simulator.setFaults([])
        if !isComplete {
            for number in model.open.keys.sorted() { try await close(number) }
            try await compareAll(contents: true)
            if model.unsent.contains(where: \.isSpoiled) {
                try Self.compare(try await setComplete(), FileOutcome(error: EIO))
                for path in model.unsent.filter(\.isSpoiled).compactMap(\.path) { try await unlink(path) }
            }
            try Self.compare(try await setComplete(), FileOutcome())
            model.sentAll(surely: true)
        }
        try await compareAll(contents: true)
        let (mounted, result) = (mounted, result)
        let late = try await onOwnThread { mounted.open("late", O_WRONLY | O_CREAT).outcome }
        try Self.compare(late, FileOutcome(error: EROFS))
        let wanted = model.arrived.compactMap(\.path).sorted()
        let received = result.received.map(\.path).sorted()
        guard received == wanted else { throw Difference(description: "received \(received), not \(wanted)") }
        for path in wanted { try expectReceived(path) }
        closeAll()
    }

    private mutating func closeAll() {
        for descriptor in model.open.values {
            Glibc.close(descriptor.mounted)
            Glibc.close(descriptor.local)
        }
        model.open = [:]
    }

    // MARK: Comparing

    private var mayFail: Bool { !setting.faults.isEmpty }

    private static func compare(_ outcome: FileOutcome, _ wanted: FileOutcome) throws {
        guard outcome != wanted else { return }
        throw Difference(
            description: outcome.description == wanted.description
                ? "other bytes, the first at \(zip(outcome.bytes, wanted.bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? -1)"
                : "\(outcome), not \(wanted)"
        )
    }

    /// The size of a local file, -1 of a directory, `nil` if there is none.
    private func size(_ path: String) async -> Int? {
        let outcome = local.perform(.stat(path))
        return outcome.error == 0 ? outcome.value : nil
    }

    /// Whether the service has, or may have, one of these files, and the mount therefore refused what would work locally.
    private mutating func isRefused(_ step: FileStep, _ outcome: FileOutcome, _ paths: [String]) async throws -> Bool {
        let known = paths.compactMap { model.file(at: $0) }
        let stages = known.map { model.files[$0].stage }
        if outcome.error == EPERM, stages.contains(where: { $0 != .local }) { return true }
        guard outcome.error == 0, stages.contains(.arrived) else { return false }
        throw Difference(description: "EPERM expected")
    }

    /// Whether it is known what a change of a file would do: not after its upload failed, nor while it is on its way and
    /// cannot be waited for.
    private func isReadyToChange(_ path: String) -> Bool {
        guard let file = model.file(at: path) else { return true }
        return switch model.files[file].stage {
        case .local, .arrived: true
        case .committed: !mayFail && !model.isOpen(file)
        case .failed: false
        }
    }

    /// Waits for the upload of a file that is on its way.
    private mutating func waitUntilSettled(_ path: String) async throws {
        guard let file = model.file(at: path), model.files[file].stage == .committed, isReadyToChange(path) else {
            return
        }
        let mounted = mounted
        try await eventually("'\(path)' has arrived") {
            try await onOwnThread { mounted.isSettled(path) }
        }
        try expectReceived(path)
        model.set(.arrived, of: file)
    }

    /// What a crash left unfinished is told to who opens and closes it, and nothing else is.
    private func compareSpoiled() async throws {
        for file in model.files where file.stage == .local {
            guard let path = file.path else { continue }
            let mounted = mounted
            let outcome = try await onOwnThread {
                let (opening, descriptor) = mounted.open(path, O_WRONLY)
                return opening.error == 0 ? FileCalls.perform(.close(0), on: descriptor) : opening
            }
            guard outcome != FileOutcome(error: file.isSpoiled ? EINTR : 0) else { continue }
            throw Difference(description: "'\(path)' is \(file.isSpoiled ? "" : "not ")unfinished, but: \(outcome)")
        }
    }

    private func compareAll(contents: Bool) async throws {
        let (mounted, local) = (mounted, local)
        let tree = try await onOwnThread { mounted.tree() }
        let wanted = local.tree()
        guard tree == wanted else {
            let paths = Set(tree.keys).union(wanted.keys).sorted().filter { tree[$0] != wanted[$0] }
            let lines = paths.map { path in
                "\(path): \(tree[path].map { "\($0)" } ?? "missing"), not \(wanted[path].map { "\($0)" } ?? "missing")"
            }
            throw Difference(description: "sizes: " + lines.joined(separator: "; "))
        }
        guard contents else { return }
        for path in tree.filter({ $0.value >= 0 }).keys.sorted() {
            do {
                try await same(.readBack(path))
            } catch let difference as Difference {
                throw Difference(description: "'\(path)': \(difference.description)")
            }
        }
    }

    /// The service has a file once, with the bytes of the local one.
    private func expectReceived(_ path: String) throws {
        let files = result.received.filter { $0.path == path }
        guard files.count == 1, let file = files.first else {
            throw Difference(description: "the service has '\(path)' \(files.count) times")
        }
        guard FileManager.default.contentsEqual(atPath: file.localPath.string, andPath: local.root + "/" + path) else {
            throw Difference(description: "the service has other bytes of '\(path)'")
        }
    }
}
