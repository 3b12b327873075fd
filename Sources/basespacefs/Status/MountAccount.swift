import BaseSpaceAPI
import Synchronization

/// Whose token a mount has and what that may do: what `.basespacefs/user.json` tells, in the words of `whoami --json`.
///
/// The mount has asked for both before it was there. What is not known of the token, since the service did not tell or a
/// login has left another one, is asked for when somebody looks, and remembered from then on.
final class MountAccount: Sendable {
    private struct State {
        /// What the service says of the token; `nil` if it is to be asked.
        var token: TokenInfo?
        /// How many tokens there were before this one: an answer may be of an earlier one.
        var earlierTokens = 0
    }

    private let user: User
    private let credentials: Credentials
    private let client: BaseSpaceClient
    private let state: Mutex<State>

    /// As long as a mount waits for the same answer. Who reads the file gets what is known then.
    private static let patience = Duration.seconds(5)

    init(_ foundation: MountFoundation) {
        user = foundation.user
        credentials = foundation.credentials
        client = foundation.client
        state = Mutex(State(token: foundation.token))
    }

    /// Another token of the same user is used from here on. It may have other rights.
    func tokenWasReplaced() {
        state.withLock { state in
            state.token = nil
            state.earlierTokens += 1
        }
    }

    /// What is known now.
    func report() async -> AccountReport {
        let known = state.withLock { $0 }
        if let token = known.token { return AccountReport(user, token, credentials) }
        let token = await ask()
        state.withLock { state in
            if state.earlierTokens == known.earlierTokens { state.token = token }
        }
        return AccountReport(user, token, credentials)
    }

    private func ask() async -> TokenInfo? {
        let question = Task { [client] in try? await client.currentTokenInfo() }
        let limit = Task {
            try await Task.sleep(for: Self.patience)
            question.cancel()
        }
        defer { limit.cancel() }
        return await question.value
    }
}
