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
        let count: Int
        switch property.value {
        case .texts:
            let items: [String?] = try await allItems(of: property.name, owner)
            property.value = .texts(items.compactMap { $0 })
            count = items.count
        case .references(let kind, _):
            let items: [ReferenceContent?] = try await allItems(of: property.name, owner)
            property.value = .references(kind, items.compactMap { $0?.reference(kind) })
            count = items.count
        case .maps:
            let items: [PropertyMap?] = try await allItems(of: property.name, owner)
            property.value = .maps(items.compactMap { $0 })
            count = items.count
        case .text, .reference, .map, .unknown:
            return property
        }
        property.totalCount = count
        property.hiddenCount = count - (property.value.count ?? count)
        return property
    }

    /// The values of a list, as far as the service shows them.
    func items<Content: Decodable & Sendable>(
        of name: String,
        _ owner: PropertyOwner
    ) async throws(BaseSpaceError) -> [Content] {
        let items: [Content?] = try await allItems(of: name, owner)
        return items.compactMap { $0 }
    }

    /// The same with `nil` for each that it does not show.
    private func allItems<Content: Decodable & Sendable>(
        of name: String,
        _ owner: PropertyOwner
    ) async throws(BaseSpaceError) -> [Content?] {
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
    /// - Throws: `.invalidRequest` for an owner, a name or a value that the service is known to refuse, without asking it.
    public func setProperty(
        named name: String,
        of owner: PropertyOwner,
        to value: PropertyValue,
        description: String? = nil
    ) async throws(BaseSpaceError) {
        var endpoint = Endpoint.create(owner.segments)
        if let fault = owner.kind.propertyFault ?? PropertyName.fault(in: name) ?? value.fault {
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
        if let fault = owner.kind.propertyFault ?? PropertyName.fault(in: name) {
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
