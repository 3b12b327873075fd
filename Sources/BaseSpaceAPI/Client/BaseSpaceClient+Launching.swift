internal import FoundationEssentials

extension BaseSpaceClient {
    /// The apps that the user can start. (SDK)
    public func applications() async throws(BaseSpaceError) -> [Application] {
        try await collection(["v1pre3", "applications"], id: \.id)
    }

    /// Starts an app: makes a session of it. The token needs the right `start applications`. (Illumina's documentation, SDK)
    ///
    /// - Parameter payload: A JSON object as the app's form makes it: `Name`, `StatusSummary`, `AutoStart`, `Properties`.
    /// - Throws: With status 409 and the service's words when the app doesn't take the options.
    public func launch(
        applicationID: EntityID,
        payload: [UInt8]
    ) async throws(BaseSpaceError) -> AppSession {
        let endpoint = Endpoint.create(
            ["v1pre3", "applications", applicationID.rawValue, "appsessions"],
            json: payload
        )
        guard case .object = try? JSONDecoder().decode(JSONValue.self, from: Data(payload)) else {
            throw .invalid("what launches an app has to be a JSON object, {\"Name\": …, \"Properties\": […]}", endpoint)
        }
        return try await value(endpoint)
    }

    /// Moves an entity to the user's trash; what somebody else owns and shares only disappears from the user's account.
    /// (Illumina's documentation; BaseMount) The token needs the right `movetotrash global`.
    ///
    /// The path is an inference: a DELETE of the entity's own resource, which v2 has for sessions (Swagger). Nothing is known
    /// that removes a single file, a dataset or a biosample.
    ///
    /// When the answer is lost it is looked whether the entity is still there.
    public func moveToTrash(_ kind: EntityKind, _ id: EntityID) async throws(BaseSpaceError) {
        let endpoint = Endpoint.delete(kind.segments(id))
        switch kind {
        case .project, .sample, .appResult, .run, .appSession: break
        case .file, .dataset, .bioSample, .genome:
            throw .invalid("the service can't move a \(kind.rawValue) to the trash", endpoint)
        }
        do throws(BaseSpaceError) {
            _ = try await response(endpoint)
        } catch {
            guard case .transport = error.kind, error.mayHaveReachedServer, await isGone(kind, id) else { throw error }
        }
    }

    private func isGone(_ kind: EntityKind, _ id: EntityID) async -> Bool {
        do throws(BaseSpaceError) {
            _ = try await response(.get(kind.segments(id)))
            return false
        } catch {
            return error.status == 404 || error.status == 410
        }
    }
}
