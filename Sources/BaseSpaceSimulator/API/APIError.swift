import HTTPTypes

/// A failure as the API answers it.
struct APIError: Error {
    let status: HTTPResponse.Status
    /// `BASESPACE.…`; some failures have none.
    let code: String?
    let message: String
    /// The answer to unknown paths has other headers and no notification.
    var isUnrecognizedPath = false

    init(_ status: HTTPResponse.Status, _ message: String, code: String? = nil) {
        self.status = status
        self.message = message
        self.code = code
    }

    /// The path is none of the API's.
    static func unrecognizedPath(_ path: String) -> APIError {
        var error = APIError(.notFound, "The requested path is not recognized: \(path)")
        error.isUnrecognizedPath = true
        return error
    }

    /// The right is missing, in the recorded words.
    static func forbidden(_ access: String, _ kind: String) -> APIError {
        APIError(
            .forbidden,
            "Sorry but this requires \(access) access to this \(kind) resource.",
            code: "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS"
        )
    }

    /// A file id that doesn't exist: the live service speaks of a run, whatever the file.
    static let unknownFile = APIError.forbidden("READ", "Run")
}

extension Services {
    /// The failure for an id that doesn't exist.
    func unknown(_ kind: String, _ id: String?) -> APIError {
        configuration.unknownEntityStatus == 403
            ? .forbidden("BROWSE", kind)
            : APIError(.notFound, "There is no \(kind) with the id \(id ?? "")")
    }
}
