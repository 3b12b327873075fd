/// A secret that stands for a user. It is shown by nothing: not by descriptions, reflection or `dump`.
public struct AccessToken: Sendable, Equatable {
    private let secret: String

    /// Checks a token. The service's own are 32 hexadecimal digits, but nothing promises that.
    ///
    /// - Throws: When it can't be a token; the message doesn't show it.
    public init(_ string: String) throws(CredentialsError) {
        guard !string.isEmpty else {
            throw CredentialsError("the access token is empty")
        }
        guard string.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CredentialsError(
                "the access token contains a blank, a line break or another character that no token has"
            )
        }
        // Servers refuse header fields of 8 KiB and more: this is a file that was taken for a token.
        guard string.utf8.count < 8_000 else {
            throw CredentialsError("the access token is longer than any token is")
        }
        secret = string
    }

    /// Runs code that needs the secret itself: to send it, or to write it into a profile.
    public func withSecret<Result>(_ body: (String) throws -> Result) rethrows -> Result {
        try body(secret)
    }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<token>`.
    public var description: String { "<token>" }
    /// `<token>`.
    public var debugDescription: String { "<token>" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Server or token are missing, or can't be what they should be.
public struct CredentialsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line: what is wrong and what to do, without secrets.
    public let message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
