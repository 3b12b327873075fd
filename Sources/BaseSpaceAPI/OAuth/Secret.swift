/// What must not be seen: the password of an app, or a code that turns into a token. It is shown by nothing: not by
/// descriptions, reflection or `dump`.
public struct Secret: Sendable, Equatable {
    private let secret: String

    /// Wraps a secret.
    public init(_ string: String) {
        secret = string
    }

    /// Runs code that needs the secret itself: to send it.
    public func withSecret<Result>(_ body: (String) throws -> Result) rethrows -> Result {
        try body(secret)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<secret>`.
    public var description: String { "<secret>" }
    /// `<secret>`.
    public var debugDescription: String { "<secret>" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
