internal import HTTPTransport

extension BaseSpaceClient {
    /// All properties of an entity. Lists in them may be cut (`Property.isCut`); `complete(_:of:)` gets the rest.
    public func properties(of owner: PropertyOwner) async throws(BaseSpaceError) -> [Property] {
        // No order of properties is known that the service takes. Names tell them apart: each is there once.
        try await collection(owner.segments, sortBy: nil, id: { EntityID($0.name) })
    }

    /// A property in full; `nil` when the entity has none of that name.
    public func property(named name: String, of owner: PropertyOwner) async throws(BaseSpaceError) -> Property? {
        do throws(BaseSpaceError) {
            return try await value(.get(owner.segments + [name]))
        } catch {
            // Other codes of 404 say that the entity itself is not there, or that the path is wrong.
            guard error.status == 404, error.code == "BASESPACE.PROPERTIES.NOT_FOUND" else { throw error }
            return nil
        }
    }

    /// A property with all its values: itself when nothing is missing.
    public func complete(_ property: Property, of owner: PropertyOwner) async throws(BaseSpaceError) -> Property {
        guard property.isCut else { return property }
        var property = property
        switch property.value {
        case .texts:
            property.value = .texts(try await items(of: property.name, owner))
        case .references(let kind, _):
            let items: [ReferenceContent] = try await items(of: property.name, owner)
            property.value = .references(kind, items.map { $0.reference(kind) })
        case .maps:
            property.value = .maps(try await items(of: property.name, owner))
        case .text, .reference, .map, .unknown:
            return property
        }
        property.totalCount = property.value.count
        return property
    }

    /// The values of a list.
    func items<Content: Decodable & Sendable>(
        of name: String,
        _ owner: PropertyOwner
    ) async throws(BaseSpaceError) -> [Content] {
        let items: [PropertyItem<Content>] = try await collection(
            owner.segments + [name, "items"],
            sortBy: "DateCreated",
            id: \.id
        )
        return items.map(\.content)
    }

    /// Sets a property: makes it, or gives the one of that name another value, which may be of another type (SDK). Only the
    /// entity's owner may, and in practice only the token that made the entity; also when its session is complete
    /// (Illumina's documentation).
    ///
    /// - Throws: `.invalidRequest` for a name or a value that the service is known to refuse, without asking it.
    public func setProperty(
        named name: String,
        of owner: PropertyOwner,
        to value: PropertyValue,
        description: String? = nil
    ) async throws(BaseSpaceError) {
        var endpoint = Endpoint.create(owner.segments)
        if let fault = PropertyName.fault(in: name) ?? value.fault {
            throw .invalid(fault, endpoint)
        }
        if let body = value.body(name: name, description: description) {
            endpoint = .create(owner.segments, json: body)
        }
        // The second time sets it to what it is.
        endpoint.retries = .idempotent
        _ = try await response(endpoint)
    }

    /// Removes a property. When the answer is lost it is looked whether the property is still there.
    ///
    /// - Throws: With code `BASESPACE.PROPERTIES.NOT_FOUND` when there is none of that name (SDK).
    public func deleteProperty(named name: String, of owner: PropertyOwner) async throws(BaseSpaceError) {
        let endpoint = Endpoint.delete(owner.segments + [name])
        // An empty name would be the path of all properties.
        if let fault = PropertyName.fault(in: name) {
            throw .invalid(fault, endpoint)
        }
        do throws(BaseSpaceError) {
            _ = try await response(endpoint)
        } catch {
            guard case .transport = error.kind, error.mayHaveReachedServer, await isGone(name, owner) else {
                throw error
            }
        }
    }

    private func isGone(_ name: String, _ owner: PropertyOwner) async -> Bool {
        do {
            return try await property(named: name, of: owner) == nil
        } catch {
            return false
        }
    }
}
