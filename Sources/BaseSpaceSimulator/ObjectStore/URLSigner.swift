import Digests

/// Signs the URLs of the object store, and checks them: AWS signature version 2 in the query.
///
/// What is signed is the method, the headers `Content-MD5` and `Content-Type` of the request (so that a client that
/// sends one along is refused), the expiry, and the object with those parameters that change the response.
struct URLSigner: Sendable {
    /// Why a URL is refused.
    enum Refusal: Error, Equatable {
        case unsigned
        case expired
        case mismatch
    }

    /// A name only: keys stand in paths, there are no virtual hosts on 127.0.0.1.
    private static let bucket = "basespace-data-simulator"

    /// The parameters that change the response, in the order in which they are signed.
    private static let signedParameters = ["response-content-disposition", "response-content-type"]

    /// Not secret: it stands in every URL.
    let accessKeyID: String
    private let secret: String

    /// A signer with a secret of its own.
    init() {
        accessKeyID = "SIM" + RequestIDs.random(17).uppercased()
        secret = RequestIDs.random(40)
    }

    /// A signed URL.
    ///
    /// - Parameter expires: seconds since 1970.
    func url(base: String, key: String, fileName: String, contentType: String, expires: Int64) -> String {
        let values = ["filename=\(fileName)", contentType]
        let path = "/" + PercentEncoding.encode(key, keepingSlashes: true)
        let signature = signature(
            method: "GET",
            contentMD5: "",
            contentType: "",
            expires: String(expires),
            path: path,
            values: values
        )
        let parameters = zip(Self.signedParameters, values).map { "\($0)=\(PercentEncoding.encode($1))" }
        return "\(base)\(path)?AWSAccessKeyId=\(accessKeyID)&Expires=\(expires)&"
            + "\(parameters.joined(separator: "&"))&Signature=\(PercentEncoding.encode(signature))"
    }

    /// Checks a request: expiry first, as S3 does.
    func check(_ incoming: Incoming, key: String, parameters: Parameters, now: ServiceDate) throws(Refusal) {
        guard let signature = parameters["Signature"], let expires = parameters["Expires"],
            parameters["AWSAccessKeyId"] == accessKeyID, let seconds = Int64(expires)
        else { throw .unsigned }
        if now >= ServiceDate(seconds: seconds) { throw .expired }
        let expected = self.signature(
            method: incoming.method,
            contentMD5: incoming.field("Content-MD5") ?? "",
            contentType: incoming.field("Content-Type") ?? "",
            expires: expires,
            path: "/" + PercentEncoding.encode(key, keepingSlashes: true),
            values: Self.signedParameters.map { parameters[$0] }
        )
        if signature != expected { throw .mismatch }
    }

    private func signature(
        method: String,
        contentMD5: String,
        contentType: String,
        expires: String,
        path: String,
        values: [String?]
    ) -> String {
        let parameters = zip(Self.signedParameters, values).compactMap { name, value in value.map { "\(name)=\($0)" } }
        let resource = "/\(Self.bucket)\(path)" + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
        let text = "\(method)\n\(contentMD5)\n\(contentType)\n\(expires)\n\(resource)"
        return HMAC.sha1(of: text, key: secret).base64
    }
}
