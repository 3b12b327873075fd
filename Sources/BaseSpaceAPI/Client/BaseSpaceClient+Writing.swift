internal import HTTPTransport

extension BaseSpaceClient {
    /// The longest summary of a session that the service takes, in characters as it counts them (UTF-16).
    public static let longestStatusSummary = 128

    /// Makes a project, or finds the user's own one of that name, which the service then returns instead.
    public func createProject(named name: String) async throws(BaseSpaceError) -> (project: Project, created: Bool) {
        let endpoint = Endpoint.create(["v1pre3", "projects"], json: JSONObject(["Name": name]))
        let response = try await response(endpoint)
        return (try decode(response, of: endpoint), response.status == 201)
    }

    /// Makes an AppResult.
    ///
    /// - Parameters:
    ///   - references: What it was made from.
    ///   - appSession: The session that it belongs to; it must accept work and be of the token's application. Without one
    ///     the service makes a session, which is running.
    public func createAppResult(
        named name: String,
        in projectID: EntityID,
        description: String? = nil,
        references: [Reference] = [],
        appSession: EntityID? = nil
    ) async throws(BaseSpaceError) -> AppResult {
        var json = JSONObject([
            "Name": name,
            "Description": description,
            "HrefAppSession": appSession.map { "v1pre3/appsessions/\($0)" },
        ])
        if !references.isEmpty {
            json.add(
                "References",
                .objects(references.map { JSONObject(["Rel": "using", "Type": $0.type, "HrefContent": $0.href]) })
            )
        }
        return try await value(.create(["v1pre3", "projects", projectID.rawValue, "appresults"], json: json))
    }

    /// Sets a session's status, its summary, or both.
    ///
    /// When the answer is lost the session is looked at: what was asked for may have happened, and asking again for a
    /// final status is refused.
    public func setStatus(
        of sessionID: EntityID,
        to status: SessionStatus?,
        summary: String? = nil
    ) async throws(BaseSpaceError) -> AppSession {
        let endpoint = Endpoint.create(
            ["v1pre3", "appsessions", sessionID.rawValue],
            json: JSONObject(["status": status?.rawValue.lowercased(), "statussummary": summary])
        )
        let length = summary?.utf16.count ?? 0
        guard length <= Self.longestStatusSummary else {
            throw .invalid(
                "a status summary has at most \(Self.longestStatusSummary) characters, this one has \(length)",
                endpoint
            )
        }
        do throws(BaseSpaceError) {
            return try await value(endpoint)
        } catch {
            guard case .transport = error.kind, error.mayHaveReachedServer,
                let session = try? await appSession(sessionID),
                status.map({ $0 == session.status }) ?? true, summary.map({ $0 == session.statusSummary }) ?? true
            else { throw error }
            return session
        }
    }
}
