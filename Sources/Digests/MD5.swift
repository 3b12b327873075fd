internal import CCrypto

/// An MD5 that is fed piece by piece, computed by OpenSSL.
///
/// MD5 is what the service checks: `Content-MD5` of a part, `ETag` of an object. It protects against accidents on the
/// line and on disk, not against an attacker.
public struct MD5: ~Copyable {
    private let context: OpaquePointer

    /// Starts an empty digest.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
            preconditionFailure("OpenSSL has no memory for an MD5, or was built without it")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Ends the digest: 16 bytes.
    public consuming func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 16)
        EVP_DigestFinal_ex(context, &bytes, nil)
        return Digest(bytes)
    }

    /// The digest of some bytes.
    public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        var md5 = MD5()
        md5.update(bytes)
        return md5.finish()
    }

    /// The digest of some bytes.
    public static func digest(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }
}

/// The bytes of a digest, and the two ways in which HTTP writes them.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The bytes.
    public let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Lower-case hexadecimal, as in an `ETag`.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Base64, as in `Content-MD5`.
    public var base64: String {
        var encoded = [UInt8](repeating: 0, count: 4 * ((bytes.count + 2) / 3) + 1)
        let count = EVP_EncodeBlock(&encoded, bytes, CInt(bytes.count))
        return String(decoding: encoded.prefix(Int(count)), as: UTF8.self)
    }

    public var description: String { hexadecimal }
}
