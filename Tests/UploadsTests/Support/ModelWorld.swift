import BaseSpaceAPI
import Digests
import SystemPackage
import TestSupport

@testable import Uploads

/// A writer, an `UploadSession`, its record and a service, all in memory and one step at a time, so that thousands of
/// courses take a moment.
///
/// A mebibyte of the file is one number here, another one for each write, so that no content comes back by chance. A
/// request is performed in two steps, reading and arriving, and what happens in between is up to the dice.
struct ModelWorld {
    private static let mebibyte: Int64 = 1 << 20

    private struct InFlight {
        let request: UploadSession.Request
        /// What was read for it.
        var read: (md5: Digest, version: UInt64)?
    }

    private struct StoredFile {
        let id: EntityID
        let content: [UInt64]
        let etag: String
    }

    private var file = StagedContents()
    private var content: [UInt64] = []
    private var lastValue: UInt64 = 0
    /// What the file was whenever it was sealed.
    private var sealed: Set<[UInt64]> = []

    private var session: UploadSession?
    private var inFlight: [InFlight] = []
    private var isCancelled = false
    private var progress = UploadProgress.none

    private var open: [EntityID: [Int: [UInt64]]] = [:]
    private var files: [StoredFile] = []
    private var lastID = 0
    /// Uploads whose id nobody ever heard.
    private var lost: Set<EntityID> = []

    private var finished: UInt64?
    private var dice: SeededGenerator

    init(seed: UInt64) {
        dice = SeededGenerator(seed: seed)
    }

    // MARK: The course of things

    /// Writes, uploads, fails and dies at random, and then goes on without any trouble until the service has the file.
    mutating func run(steps: Int) {
        for _ in 0..<steps {
            switch Int.random(in: 0..<100, using: &dice) {
            case 0..<30: write()
            case 30..<31: die()
            default: upload(hasTrouble: true)
            }
        }
        seal()
        while finished != file.version { upload(hasTrouble: false) }
    }

    /// Whether the last complete file is the staged one, there only once, whether all that was joined is something that
    /// was once sealed, and whether nothing was left open that anybody knew of.
    var faults: [String] {
        var faults: [String] = []
        if files.last?.content != content { faults.append("the service has another file") }
        if files.count(where: { $0.content == content }) != 1 { faults.append("the file is there more than once") }
        for file in files where file.etag.contains("-") && !sealed.contains(file.content) {
            faults.append("\(file.id) is a mixture")
        }
        let known = Set(open.keys).subtracting(lost)
        if !known.isEmpty { faults.append("\(known) is open") }
        return faults
    }

    // MARK: The writer

    private mutating func write() {
        switch Int.random(in: 0..<12, using: &dice) {
        case 0..<7:
            append(Int.random(in: 1...4, using: &dice))
        case 7 where !content.isEmpty:
            let index = Int.random(in: 0..<content.count, using: &dice)
            content[index] = newValue()
            file.wrote(Int64(index) * Self.mebibyte..<Int64(index + 1) * Self.mebibyte)
        case 8:
            let count = Int.random(in: 0...content.count, using: &dice)
            content = Array(content.prefix(count))
            file.truncated(to: Int64(count) * Self.mebibyte)
        case 9..<11:
            seal()
        default:
            append(1)
        }
    }

    private mutating func append(_ count: Int) {
        guard content.count < 60 else { return }
        let start = Int64(content.count) * Self.mebibyte
        for _ in 0..<count { content.append(newValue()) }
        file.wrote(start..<Int64(content.count) * Self.mebibyte)
    }

    private mutating func seal() {
        file.seal()
        sealed.insert(content)
    }

    private mutating func newValue() -> UInt64 {
        lastValue += 1
        return lastValue
    }

    /// The process is killed; what it had sent arrives or doesn't, and nobody hears of it.
    private mutating func die() {
        guard session != nil else { return }
        while !inFlight.isEmpty {
            let call = inFlight.removeLast()
            if case .part(let part, _) = call.request, part.range.upperBound > file.size { continue }
            guard Bool.random(using: &dice) else { continue }
            switch arrive(call.read == nil ? read(call) : call) {
            case .begun(let id): lost.insert(id)
            default: break
            }
        }
        session = nil
        // The next one opens the file as it is on the disk.
        file = StagedContents(existing: file.size, isSealed: file.isSealed)
        finished = nil
    }

    // MARK: The engine

    private mutating func upload(hasTrouble: Bool) {
        guard var session else {
            guard finished != file.version else { return }
            var new = UploadSession(limits: Self.limits, progress: progress)
            isCancelled = false
            perform(new.start(file: file), &new)
            return
        }
        guard let index = inFlight.indices.randomElement(using: &dice) else { return }
        if !isCancelled, inFlight[index].read == nil, inFlight[index].request.reads {
            inFlight[index] = read(inFlight[index])
            return
        }
        let call = inFlight[index]
        if case .awaitGrowth(let end, let floor) = call.request, !isCancelled {
            guard file.isSealed || file.frontier >= end || file.size < floor else { return }
        }
        inFlight.remove(at: index)
        perform(session.handle(outcome(of: call, hasTrouble: hasTrouble), file: file), &session)
    }

    private static let limits = UploadSession.Limits(
        partSize: 5 * mebibyte,
        partsInParallel: 3,
        attemptsPerPart: 4,
        attemptsPerFile: 3,
        attemptsPerRequest: 4
    )

    private mutating func perform(_ actions: [UploadSession.Action], _ session: inout UploadSession) {
        for action in actions {
            switch action {
            case .remember(let note): remember(note)
            case .send(let request): inFlight.append(InFlight(request: request))
            case .cancelRequests: isCancelled = true
            case .restart:
                isCancelled = false
                perform(session.start(file: file), &session)
                return
            case .finish(_, let version):
                finished = version
                self.session = nil
                return
            case .fail:
                self.session = nil
                return
            }
        }
        self.session = session
    }

    private mutating func remember(_ note: UploadSession.Note) {
        switch note {
        case .sendingWhole: progress = .sendingWhole
        case .began(let id, let partSize): progress = .parts(of: id, partSize: partSize, sent: [:])
        case .sending(let number):
            guard case .parts(let id, let partSize, var sent) = progress else { return }
            sent[number] = sent[number] ?? ""
            progress = .parts(of: id, partSize: partSize, sent: sent)
        case .sent(let number, let md5):
            guard case .parts(let id, let partSize, var sent) = progress else { return }
            sent[number] = md5
            progress = .parts(of: id, partSize: partSize, sent: sent)
        case .abandoned, .arrived: progress = .none
        }
    }

    // MARK: Requests

    /// What becomes of a request: mostly what was asked for.
    private mutating func outcome(of call: InFlight, hasTrouble: Bool) -> UploadSession.Event {
        if isCancelled, !call.request.isAbort {
            if Bool.random(using: &dice), !call.request.waits {
                return arrive(call.read == nil ? read(call) : call)
            }
            return failed(call, .cancelled)
        }
        guard hasTrouble, !call.request.isAbort, !call.request.waits else { return arrive(call) }
        switch Int.random(in: 0..<40, using: &dice) {
        case 0:
            return failed(call, .service(.fake(status: 403)))
        case 1:
            return failed(call, .service(.fakeLoss))
        case 2:
            if case .begun(let id) = arrive(call) { lost.insert(id) }
            return failed(call, .service(.fakeLoss))
        case 3, 4:
            return failed(call, .service(.fake(status: 502)))
        case 5:
            if case .begun(let id) = arrive(call) { lost.insert(id) }
            return failed(call, .service(.fake(status: 502)))
        case 6 where call.request.mayConflict:
            return failed(call, .service(.fake(status: 409)))
        default:
            return arrive(call)
        }
    }

    private func failed(_ call: InFlight, _ failure: UploadFailure) -> UploadSession.Event {
        switch call.request {
        case .part(let part, _), .digest(let part):
            .partFailed(part, failure, version: call.read?.version ?? file.version)
        default: .failed(failure)
        }
    }

    private func read(_ call: InFlight) -> InFlight {
        var call = call
        if let range = call.request.range { call.read = (Self.md5(slice(range)), file.version) }
        return call
    }

    /// Does what is asked for.
    private mutating func arrive(_ call: InFlight) -> UploadSession.Event {
        let read = call.read.map { ReadContent(md5: $0.md5, version: $0.version) }
        switch call.request {
        case .whole(let size):
            guard let read, size == file.size else { return failed(call, .unreadable(.ioError)) }
            return .wholeSent(store(content, etag: Self.md5(content).hexadecimal), read)
        case .find(let size):
            guard let read else { return failed(call, .unreadable(.ioError)) }
            let found = files.last { $0.etag == read.md5.hexadecimal && remote($0, .complete).size == size }
            return .found(found.map { remote($0, .complete) }, read)
        case .begin:
            lastID += 1
            let id = EntityID("\(lastID)")
            open[id] = [:]
            return .begun(id)
        case .part(let part, let id):
            guard let read, part.range.upperBound <= file.size else { return failed(call, .unreadable(.ioError)) }
            let bytes = slice(part.range)
            guard Self.md5(bytes) == read.md5 else { return failed(call, .service(.fake(status: 400))) }
            guard open[id] != nil else { return failed(call, .service(.fake(status: 404))) }
            open[id]?[part.number] = bytes
            return .partSent(part, etag: read.md5.hexadecimal, read)
        case .digest(let part):
            guard let read, part.range.upperBound <= file.size else { return failed(call, .unreadable(.ioError)) }
            return .digested(part, read)
        case .complete(let id):
            guard let parts = open.removeValue(forKey: id) else { return failed(call, .service(.fake(status: 404))) }
            let joined = parts.sorted { $0.key < $1.key }.map(\.value)
            let etag = "\(MD5.digest(of: joined.flatMap { Self.md5($0).bytes }).hexadecimal)-\(joined.count)"
            return .completed(store(joined.flatMap { $0 }, etag: etag, id: id))
        case .inspect(let id):
            if let stored = files.first(where: { $0.id == id }) { return .inspected(remote(stored, .complete)) }
            var file = RemoteFile.fake(id: id, path: "a", size: 0, etag: nil)
            file.uploadStatus = open[id] == nil ? .aborted : .pending
            return .inspected(file)
        case .pause:
            return .paused
        case .awaitGrowth:
            return .grew
        case .abort(let id):
            open[id] = nil
            return .aborted(isGone: !files.contains { $0.id == id })
        }
    }

    private mutating func store(_ content: [UInt64], etag: String, id: EntityID? = nil) -> RemoteFile {
        lastID += 1
        let stored = StoredFile(id: id ?? EntityID("\(lastID)"), content: content, etag: etag)
        files.append(stored)
        return remote(stored, .complete)
    }

    private func remote(_ stored: StoredFile, _ status: UploadStatus) -> RemoteFile {
        let size = Int64(stored.content.count) * Self.mebibyte
        var file = RemoteFile.fake(id: stored.id, path: "a", size: size, etag: stored.etag)
        file.uploadStatus = status
        return file
    }

    private func slice(_ range: Range<Int64>) -> [UInt64] {
        let range = Int(range.lowerBound / Self.mebibyte)..<Int(range.upperBound / Self.mebibyte)
        return Array(content[range.clamped(to: 0..<content.count)])
    }

    private static func md5(_ content: [UInt64]) -> Digest {
        MD5.digest(of: content.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
    }
}

extension UploadSession.Request {
    /// The bytes that have to be read for it.
    fileprivate var range: Range<Int64>? {
        switch self {
        case .whole(let size), .find(let size): 0..<size
        case .part(let part, _), .digest(let part): part.range
        case .begin, .complete, .inspect, .pause, .awaitGrowth, .abort: nil
        }
    }

    fileprivate var reads: Bool { range != nil }

    fileprivate var isAbort: Bool { if case .abort = self { true } else { false } }

    fileprivate var waits: Bool {
        switch self {
        case .pause, .awaitGrowth: true
        default: false
        }
    }

    /// A conflict of the last step is one with itself.
    fileprivate var mayConflict: Bool {
        switch self {
        case .whole, .begin, .part, .complete: true
        case .find, .inspect, .digest, .pause, .awaitGrowth, .abort: false
        }
    }
}
