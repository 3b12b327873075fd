import Digests
import Testing

@Suite struct DigestTests {
    /// RFC 1321, appendix A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ])
    func md5MatchesTheRFC(text: String, expected: String) {
        #expect(MD5.digest(of: Array(text.utf8)).hexadecimal == expected)
    }

    @Test func md5OfPiecesIsTheMD5OfTheWhole() {
        var md5 = MD5()
        for piece in ["message", " ", "digest"] {
            Array(piece.utf8).withUnsafeBytes { md5.update($0) }
        }
        #expect(md5.finish() == MD5.digest(of: Array("message digest".utf8)))
    }

    @Test func base64IsWhatContentMD5Wants() {
        #expect(MD5.digest(of: []).base64 == "1B2M2Y8AsgTpgAmY7PhCfg==")
    }

    /// RFC 2202, test case 2.
    @Test func hmacMatchesTheRFC() {
        #expect(
            HMAC.sha1(of: "what do ya want for nothing?", key: "Jefe").hexadecimal
                == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        )
    }
}
