internal import Digests

/// One part as it is to be sent.
struct UploadPart: Hashable, Sendable {
    /// From 1.
    let number: Int
    /// Its bytes in the file.
    let range: Range<Int64>

    /// In bytes.
    var length: Int64 { range.upperBound - range.lowerBound }
}

/// What was read from the file for a request: the digest of the bytes, and the version that the file had before the
/// first of them was read. Any change after that version may or may not be in the digest.
struct ReadContent: Hashable, Sendable {
    let md5: Digest
    let version: UInt64
}

/// The parts of one multipart upload: which ones still have to be sent, and what the server has of the others.
///
/// Parts are known from the first time they are sent. Parts behind them wait for the file to grow over them; parts that
/// changed after they were sent are set aside until the file is sealed, since a writer who came back may come again.
struct PartLedger: Sendable {
    private struct Part: Sendable {
        var attempts = 0
        /// `nil` until the server acknowledged the part with the digest that was sent.
        var accepted: (part: UploadPart, content: ReadContent)?
    }

    let layout: PartLayout
    private let attemptsPerPart: Int
    /// Those that the server may have something of.
    private var parts: [Part] = []
    /// Numbers of parts to be sent once more.
    private var again: [Int] = []
    /// Numbers of parts to be sent once more when the file is sealed.
    private var aside: [Int] = []
    /// Bytes in accepted parts.
    private(set) var bytesAccepted: Int64 = 0

    init(layout: PartLayout, attemptsPerPart: Int) {
        self.layout = layout
        self.attemptsPerPart = attemptsPerPart
    }

    /// The number of parts that were sent, ever.
    var count: Int { parts.count }

    /// The end of the first part that was never sent.
    var endOfNext: Int64 { layout.start(ofPart: parts.count + 2) }

    /// Whether a part was sent of which a file of this size has nothing. The server would join it all the same.
    func reachesBeyond(_ size: Int64) -> Bool {
        !parts.isEmpty && layout.start(ofPart: parts.count) >= size
    }

    /// The next part to send; `nil` when there is none yet, or none any more.
    mutating func next(in file: StagedContents) -> UploadPart? {
        while let number = again.popLast() {
            if let part = send(number, file) { return part }
            aside.append(number)
        }
        if file.isSealed, let number = aside.popLast() { return send(number, file) }
        guard parts.count < PartLayout.maximumParts, let part = send(parts.count + 1, file) else { return nil }
        return part
    }

    /// The server has the part.
    mutating func accept(_ part: UploadPart, _ content: ReadContent) {
        parts[part.number - 1].accepted = (part, content)
        bytesAccepted += part.length
    }

    /// Puts a part back among those to be sent at once.
    ///
    /// - Returns: `false` when it was sent as often as it may be.
    mutating func sendAgain(_ number: Int) -> Bool {
        forget(number)
        guard parts[number - 1].attempts < attemptsPerPart else { return false }
        again.append(number)
        return true
    }

    /// Puts a part aside whose bytes changed. It counts as an attempt only if the file was sealed: what a writer does
    /// before it has finished is no fault of the upload.
    ///
    /// - Returns: `false` when it was sent as often as it may be.
    mutating func setAside(_ number: Int, in file: StagedContents) -> Bool {
        forget(number)
        if !file.isSealed { parts[number - 1].attempts -= 1 }
        guard parts[number - 1].attempts < attemptsPerPart else { return false }
        aside.append(number)
        return true
    }

    /// Takes over the first parts of an earlier attempt: each has to be accepted, sent again or set aside.
    mutating func adopt(_ count: Int) {
        parts = Array(repeating: Part(), count: count)
    }

    /// Whether the part has other bytes than it had in `version`, or others than it had when it was to be sent: the file
    /// may have grown between that and the reading.
    func isStale(_ part: UploadPart, since version: UInt64, in file: StagedContents) -> Bool {
        layout.range(ofPart: part.number, in: file.size) != part.range
            || file.lastChange(in: layout.range(ofPart: part.number)) > version
    }

    /// The accepted parts whose bytes changed after they were read.
    func staleParts(in file: StagedContents) -> [Int] {
        parts.indices.map { $0 + 1 }.filter { number in
            guard let accepted = parts[number - 1].accepted else { return false }
            return isStale(accepted.part, since: accepted.content.version, in: file)
        }
    }

    /// The digest of the accepted parts' digests, as S3 makes an object's ETag of them.
    var digestOfDigests: Digest {
        MD5.digest(of: parts.flatMap { $0.accepted?.content.md5.bytes ?? [] })
    }

    /// The part, if it is in the file; of a file that is still written, only if all of it was written in one go.
    private mutating func send(_ number: Int, _ file: StagedContents) -> UploadPart? {
        let range = layout.range(ofPart: number, in: file.size)
        guard !range.isEmpty else { return nil }
        guard file.isSealed || layout.start(ofPart: number + 1) <= file.frontier else { return nil }
        if number > parts.count { parts.append(Part()) }
        parts[number - 1].attempts += 1
        return UploadPart(number: number, range: range)
    }

    private mutating func forget(_ number: Int) {
        guard let accepted = parts[number - 1].accepted else { return }
        parts[number - 1].accepted = nil
        bytesAccepted -= accepted.part.length
    }
}
