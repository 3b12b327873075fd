import BaseSpaceAPI
import Digests
import HTTPTransport
import Synchronization
import SystemPackage

/// An upload service in memory that records what it gets and misbehaves as its script says.
final class FakeUploadService: UploadService {
    /// A call, without its bytes.
    enum Call: Hashable, Sendable {
        case whole
        case begin
        case part(Int)
        case complete
        case abort
        case file
        case list
    }

    /// What becomes of a call.
    enum Effect: Sendable {
        case answer
        /// Does nothing, and fails.
        case fail(BaseSpaceError)
        /// Does what it is asked for, and fails all the same.
        case loseAnswer(BaseSpaceError)
        /// Does what it is asked for, and never answers, until the task is cancelled.
        case hangAfterwards
        /// Takes a flipped first byte for the true one, as a bad line would deliver it past its checksums.
        case damage
        case answerETag(String?)
        case answerSize(Int64)
        /// Never answers, until the task is cancelled.
        case hang
        /// Waits for the gate, then answers.
        case wait(Gate)
    }

    struct StoredFile: Sendable {
        let id: EntityID
        let path: String
        let contentType: String
        let container: FileContainer
        let bytes: [UInt8]
        let partSizes: [Int]
        let etag: String

        var remote: RemoteFile {
            var file = RemoteFile.fake(id: id, path: path, size: Int64(bytes.count), etag: etag)
            file.uploadStatus = .complete
            return file
        }

        var fingerprint: Fingerprint { Fingerprint(bytes) }
    }

    private struct OpenUpload: Sendable {
        let path: String
        let contentType: String
        let container: FileContainer
        var parts: [Int: [UInt8]] = [:]
    }

    private struct State: Sendable {
        var calls: [Call] = []
        var open: [EntityID: OpenUpload] = [:]
        var files: [StoredFile] = []
        var aborted: [EntityID] = []
        var lastID = 0
        var bytesReceived = 0
        var inFlight = 0
        var peakInFlight = 0
    }

    /// Decides about a call; the number says how often the same call came before. Runs before the body is read.
    typealias Script = @Sendable (Call, Int) async -> Effect

    private let state = Mutex(State())
    private let script: Script

    init(_ script: @escaping Script = { _, _ in .answer }) {
        self.script = script
    }

    var calls: [Call] { state.withLock { $0.calls } }
    var files: [StoredFile] { state.withLock { $0.files } }
    var aborted: [EntityID] { state.withLock { $0.aborted } }
    /// Of all bodies, those that were damaged or replaced later too.
    var bytesReceived: Int { state.withLock { $0.bytesReceived } }
    var openUploads: [EntityID] { state.withLock { Array($0.open.keys) } }
    var inFlight: Int { state.withLock { $0.inFlight } }
    var peakInFlight: Int { state.withLock { $0.peakInFlight } }

    func uploadFile(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer,
        body: HTTPBody
    ) async throws(BaseSpaceError) -> RemoteFile {
        try await perform(.whole) { effect throws(BaseSpaceError) in
            let bytes = try Self.bytes(of: body, effect)
            let path = directory.isEmpty ? name : "\(directory)/\(name)"
            return state.withLock { state in
                state.lastID += 1
                let stored = StoredFile(
                    id: EntityID("\(state.lastID)"),
                    path: path,
                    contentType: contentType,
                    container: container,
                    bytes: bytes,
                    partSizes: [],
                    etag: MD5.digest(of: bytes).hexadecimal
                )
                state.bytesReceived += bytes.count
                state.files.append(stored)
                return Self.reply(stored.remote, effect)
            }
        }
    }

    func beginMultipartUpload(
        named name: String,
        directory: String,
        contentType: String,
        to container: FileContainer
    ) async throws(BaseSpaceError) -> RemoteFile {
        try await perform(.begin) { _ throws(BaseSpaceError) in
            let path = directory.isEmpty ? name : "\(directory)/\(name)"
            return state.withLock { state in
                state.lastID += 1
                let upload = OpenUpload(path: path, contentType: contentType, container: container)
                state.open[EntityID("\(state.lastID)")] = upload
                return .fake(id: EntityID("\(state.lastID)"), path: path, size: 0, etag: nil)
            }
        }
    }

    func uploadPart(
        _ number: Int,
        of fileID: EntityID,
        body: HTTPBody,
        md5: String
    ) async throws(BaseSpaceError) -> String {
        try await perform(.part(number)) { effect throws(BaseSpaceError) in
            let bytes = try Self.bytes(of: body, effect)
            let digest = MD5.digest(of: bytes)
            guard digest.base64 == md5 else { throw .fake(status: 400, "Content-MD5 does not match") }
            let isOpen = state.withLock { state in
                state.bytesReceived += bytes.count
                state.open[fileID]?.parts[number] = bytes
                return state.open[fileID] != nil
            }
            guard isOpen else { throw .fake(status: 404, "no such upload") }
            if case .answerETag(let etag) = effect { return etag ?? "" }
            return digest.hexadecimal
        }
    }

    func completeMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError) -> RemoteFile {
        try await perform(.complete) { effect throws(BaseSpaceError) in
            guard let upload = state.withLock({ $0.open.removeValue(forKey: fileID) }) else {
                throw .fake(status: 404, "no such upload")
            }
            let parts = upload.parts.sorted { $0.key < $1.key }.map(\.value)
            let bytes = parts.reduce(into: []) { $0.append(contentsOf: $1) }
            let digest = MD5.digest(of: parts.flatMap { MD5.digest(of: $0).bytes })
            let stored = StoredFile(
                id: fileID,
                path: upload.path,
                contentType: upload.contentType,
                container: upload.container,
                bytes: bytes,
                partSizes: parts.map(\.count),
                etag: "\(digest.hexadecimal)-\(parts.count)"
            )
            state.withLock { $0.files.append(stored) }
            return Self.reply(stored.remote, effect)
        }
    }

    func abortMultipartUpload(of fileID: EntityID) async throws(BaseSpaceError) {
        try await perform(.abort) { _ throws(BaseSpaceError) in
            state.withLock { state in
                state.open[fileID] = nil
                state.aborted.append(fileID)
            }
        }
    }

    func file(_ id: EntityID) async throws(BaseSpaceError) -> RemoteFile {
        try await perform(.file) { effect throws(BaseSpaceError) in
            let (stored, open, isAborted) = state.withLock { state in
                (state.files.first { $0.id == id }, state.open[id], state.aborted.contains(id))
            }
            if let stored { return Self.reply(stored.remote, effect) }
            guard open != nil || isAborted else { throw .fake(status: 404, "no such file") }
            var file = RemoteFile.fake(id: id, path: open?.path ?? "gone", size: 0, etag: nil)
            file.uploadStatus = isAborted ? .aborted : .pending
            return file
        }
    }

    func files(
        of container: FileContainer,
        resolvingContent: Bool
    ) async throws(BaseSpaceError) -> [RemoteFile] {
        try await perform(.list) { _ throws(BaseSpaceError) in
            state.withLock { state in
                state.files.filter { $0.container == container }.map { stored in
                    var file = stored.remote
                    file.uploadStatus = nil
                    return file
                }
            }
        }
    }

    /// Records the call, lets the script decide, and does what neither failing nor hanging prevents.
    private func perform<Reply>(
        _ call: Call,
        _ body: (Effect) throws(BaseSpaceError) -> Reply
    ) async throws(BaseSpaceError) -> Reply {
        let before = state.withLock { state in
            defer { state.calls.append(call) }
            state.inFlight += 1
            state.peakInFlight = max(state.peakInFlight, state.inFlight)
            return state.calls.count { $0 == call }
        }
        defer { state.withLock { $0.inFlight -= 1 } }
        let effect = await script(call, before)
        switch effect {
        case .fail(let error): throw error
        case .hang: await Gate().wait()
        case .wait(let gate): await gate.wait()
        case .answer, .loseAnswer, .hangAfterwards, .damage, .answerETag, .answerSize: break
        }
        if Task.isCancelled { throw .fakeCancelled }
        let reply = try body(effect)
        if case .loseAnswer(let error) = effect { throw error }
        if case .hangAfterwards = effect {
            await Gate().wait()
            throw .fakeCancelled
        }
        return reply
    }

    private static func bytes(of body: HTTPBody, _ effect: Effect) throws(BaseSpaceError) -> [UInt8] {
        guard var bytes = body.contents() else { throw .fake(status: 400, "the body could not be read") }
        if case .damage = effect, !bytes.isEmpty { bytes[0] ^= 0xFF }
        return bytes
    }

    private static func reply(_ file: RemoteFile, _ effect: Effect) -> RemoteFile {
        var file = file
        if case .answerETag(let etag) = effect { file.etag = etag }
        if case .answerSize(let size) = effect { file.size = size }
        return file
    }
}
