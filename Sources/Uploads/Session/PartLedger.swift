internal import Digests

/// One part as it is to be sent.
struct UploadPart: Hashable, Sendable {
    /// From 1.
    let number: Int
    /// Its bytes in the file.
    let range: Range<Int64>
}

/// What was read from the file for a request: the digest of the bytes, and the version that the file had before the
/// first of them was read. Any change after that version may or may not be in the digest.
struct ReadContent: Hashable, Sendable {
    let md5: Digest
    let version: UInt64
}

/// The parts of one multipart upload: which ones still have to be sent, and what the server has of the others.
struct PartLedger: Sendable {
    private struct Part: Sendable {
        var attempts = 0
        /// `nil` until the server acknowledged the part with the digest that was sent.
        var accepted: ReadContent?
    }

    let layout: PartLayout
    private let attemptsPerPart: Int
    private var parts: [Part]
    /// The index of the first part that was never sent.
    private var firstUnsent = 0
    /// Numbers of parts to be sent once more.
    private var again: [Int] = []
    /// Bytes in accepted parts.
    private(set) var bytesAccepted: Int64 = 0

    init(layout: PartLayout, attemptsPerPart: Int) {
        self.layout = layout
        self.attemptsPerPart = attemptsPerPart
        parts = Array(repeating: Part(), count: layout.count)
    }

    /// The next part to send; `nil` when every one was sent.
    mutating func next() -> UploadPart? {
        let number: Int
        if let repeated = again.popLast() {
            number = repeated
        } else if firstUnsent < parts.count {
            firstUnsent += 1
            number = firstUnsent
        } else {
            return nil
        }
        parts[number - 1].attempts += 1
        return UploadPart(number: number, range: layout.range(ofPart: number))
    }

    /// The server has the part.
    mutating func accept(_ number: Int, _ content: ReadContent) {
        parts[number - 1].accepted = content
        bytesAccepted += length(of: number)
    }

    /// Puts a part back among those to be sent.
    ///
    /// - Returns: `false` when it was sent as often as it may be.
    mutating func sendAgain(_ number: Int) -> Bool {
        if parts[number - 1].accepted != nil {
            parts[number - 1].accepted = nil
            bytesAccepted -= length(of: number)
        }
        guard parts[number - 1].attempts < attemptsPerPart else { return false }
        again.append(number)
        return true
    }

    /// Whether the part's bytes changed since `version`.
    func isStale(_ number: Int, since version: UInt64, in file: StagedContents) -> Bool {
        file.lastChange(in: layout.range(ofPart: number)) > version
    }

    /// The accepted parts whose bytes changed after they were read.
    func staleParts(in file: StagedContents) -> [Int] {
        parts.indices.map { $0 + 1 }.filter { number in
            guard let accepted = parts[number - 1].accepted else { return false }
            return isStale(number, since: accepted.version, in: file)
        }
    }

    /// The digest of the accepted parts' digests, as S3 makes an object's ETag of them.
    var digestOfDigests: Digest {
        MD5.digest(of: parts.flatMap { $0.accepted?.md5.bytes ?? [] })
    }

    private func length(of number: Int) -> Int64 {
        let range = layout.range(ofPart: number)
        return range.upperBound - range.lowerBound
    }
}
