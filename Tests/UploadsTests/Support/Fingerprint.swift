import Digests

/// Length and MD5: two megabytes that differ make a line in a report, and comparing them takes no time without the
/// optimizer either.
struct Fingerprint: Hashable, CustomStringConvertible {
    private let count: Int
    private let md5: Digest

    init(_ bytes: [UInt8]) {
        count = bytes.count
        md5 = MD5.digest(of: bytes)
    }

    var description: String { "\(count) bytes, MD5 \(md5)" }
}
