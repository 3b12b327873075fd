/// Tokens, and the user's part in the device flow.
extension Simulator {
    /// Accepts another token, or gives one that is accepted other rights.
    public func addToken(_ token: String, _ grant: Grant) {
        services.tokens.add(token, grant, now: services.clock.now)
    }

    /// Accepts a token no longer: requests with it get 401.
    public func revokeToken(_ token: String) {
        _ = services.tokens.revoke(token)
    }

    /// The codes that clients wait for their users to type, oldest first.
    public var userCodes: [String] { services.devices.devices.filter { !$0.isUsed }.map(\.userCode) }

    /// Answers as the user would.
    ///
    /// - Parameter userCode: the code; nil for all that wait and all that will come.
    /// - Returns: false if there is no such code.
    @discardableResult
    public func answerDevice(_ answer: DeviceAnswer, userCode: String? = nil) -> Bool {
        services.devices.answer(answer, userCode: userCode)
    }
}
