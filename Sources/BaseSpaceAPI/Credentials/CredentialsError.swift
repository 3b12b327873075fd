/// Why there is no server or no token to work with: one line that says what to do, and never contains a token.
public struct CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line.
    public let description: String

    /// Wraps the line.
    public init(_ description: String) {
        self.description = description
    }
}
