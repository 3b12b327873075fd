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
    }

    /// What becomes of a call.
    enum Effect: Sendable {
        case answer
        /// Takes the bytes, then fails.
        case fail(BaseSpaceError)
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
        let path: String
        let contentType: String
        let container: FileContainer
        let bytes: [UInt8]
        let partSizes: [Int]

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
                state.files.append(
                    StoredFile(
                        path: path,
                        contentType: contentType,
                        container: container,
                        bytes: bytes,
                        partSizes: []
                    )
                )
                return Self.file(state.lastID, path, bytes.count, MD5.digest(of: bytes).hexadecimal, effect)
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
                return Self.file(state.lastID, path, 0, nil, .answer)
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
            state.withLock { state in
                state.files.append(
                    StoredFile(
                        path: upload.path,
                        contentType: upload.contentType,
                        container: upload.container,
                        bytes: bytes,
                        partSizes: parts.map(\.count)
                    )
                )
            }
            let digest = MD5.digest(of: parts.flatMap { MD5.digest(of: $0).bytes })
            let id = Int(fileID.rawValue) ?? 0
            return Self.file(id, upload.path, bytes.count, "\(digest.hexadecimal)-\(parts.count)", effect)
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
        case .answer, .damage, .answerETag, .answerSize: break
        }
        if Task.isCancelled { throw .fakeCancelled }
        return try body(effect)
    }

    private static func bytes(of body: HTTPBody, _ effect: Effect) throws(BaseSpaceError) -> [UInt8] {
        guard var bytes = body.contents() else { throw .fake(status: 400, "the body could not be read") }
        if case .damage = effect, !bytes.isEmpty { bytes[0] ^= 0xFF }
        return bytes
    }

    private static func file(_ id: Int, _ path: String, _ size: Int, _ etag: String?, _ effect: Effect) -> RemoteFile {
        var file = RemoteFile.fake(id: EntityID("\(id)"), path: path, size: Int64(size), etag: etag)
        if case .answerETag(let etag) = effect { file.etag = etag }
        if case .answerSize(let size) = effect { file.size = size }
        return file
    }
}
