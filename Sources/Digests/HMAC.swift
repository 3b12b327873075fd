internal import CCrypto

/// A keyed digest (RFC 2104), computed by OpenSSL.
public enum HMAC {
    /// HMAC-SHA1, what AWS signature version 2 is made of: 20 bytes.
    public static func sha1(of message: String, key: String) -> Digest {
        let key = Array(key.utf8)
        let message = Array(message.utf8)
        var bytes = [UInt8](repeating: 0, count: 20)
        var count: CUnsignedInt = 0
        CCrypto.HMAC(EVP_sha1(), key, CInt(key.count), message, message.count, &bytes, &count)
        return Digest(bytes)
    }
}
