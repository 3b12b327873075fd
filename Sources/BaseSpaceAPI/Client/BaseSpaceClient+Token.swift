extension BaseSpaceClient {
    /// Whose the token is, and what it may do. (SDK, Illumina's documentation)
    ///
    /// Illumina's SDKs put the token into the query here; it goes into the header like everywhere else, since queries are
    /// logged by servers and proxies.
    public func currentTokenInfo() async throws(BaseSpaceError) -> TokenInfo {
        try await value(.get(["v1pre3", "oauthv2", "token", "current"]))
    }

    /// Whose data the token opens: the user's, or a workgroup's. `nil` when the service refuses to tell, as not all servers
    /// tell it, and not of all tokens.
    public func dataOwner() async throws(BaseSpaceError) -> User? {
        do throws(BaseSpaceError) {
            return try await currentTokenInfo().user
        } catch {
            switch error.kind {
            case .service(let status) where status < 500 && status != 429: return nil
            case .undecodable: return nil
            default: throw error
            }
        }
    }

    /// Revokes the token: every later call with it is answered with 401. (Illumina's documentation)
    public func revokeToken() async throws(BaseSpaceError) {
        _ = try await response(.delete(["v2", "oauthv2tokens", "current"]))
    }
}
