import Digests
import HTTPTypes
import SystemPackage

/// The parts of a multipart upload, checked and put together on paper.
struct MultipartUpload: Sendable {
    /// In ascending order of their numbers.
    let locations: [FilePath]
    /// Bytes of the whole.
    let size: Int64
    /// As S3 makes it: the MD5 of the parts' MD5s, and their number.
    let etag: String

    /// Parts must be numbered from 1 without a hole, and only the last may be small.
    init(parts: [Int: File.Part]) throws(APIError) {
        let sorted = parts.sorted { $0.key < $1.key }
        guard !sorted.isEmpty else { throw APIError(.badRequest, "No part has been uploaded") }
        var digests: [UInt8] = []
        var size: Int64 = 0
        for (index, (number, part)) in sorted.enumerated() {
            guard number == index + 1 else { throw APIError(.badRequest, "Part \(index + 1) is missing") }
            if index + 1 < sorted.count, part.size < API.minimumPartSize {
                throw APIError(
                    .badRequest,
                    "Part \(number) has \(part.size) bytes; all but the last need \(API.minimumPartSize)"
                )
            }
            digests += part.digest
            size += part.size
        }
        locations = sorted.map(\.value.location)
        self.size = size
        etag = "\(MD5.digest(of: digests).hexadecimal)-\(sorted.count)"
    }
}

extension File.Part {
    /// The bytes of the part's MD5.
    fileprivate var digest: [UInt8] {
        let digits = etag.compactMap(\.hexDigitValue).map { UInt8($0) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// Where an upload goes.
struct UploadPath {
    /// `directory/name`.
    let path: String

    init(name: String?, directory: String?) throws(APIError) {
        guard let name, !name.isEmpty else { throw APIError(.badRequest, "An upload needs a name") }
        let directories = directory?.split(separator: "/").map(String.init) ?? []
        guard !name.contains("/"),
            !(directories + [name]).contains(where: { [".", ".."].contains($0) || $0.contains("\0") })
        else { throw APIError(.badRequest, "The name or directory of the upload is not valid") }
        path = (directories + [name]).joined(separator: "/")
    }
}
