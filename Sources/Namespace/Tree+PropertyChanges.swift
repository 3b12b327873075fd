public import BaseSpaceAPI
internal import Synchronization

/// Changes of properties. The service sets a property as a whole, so each change of a part reads it, changes it and sets it;
/// the changes of one entity's properties are made one after the other, and no listing is taken from between the two.
extension Tree {
    /// A change under way, and what came of it: whether it was made.
    typealias PropertyChange = Task<Result<Bool, BaseSpaceError>, Never>

    /// Puts something into a place in `Properties/`, or takes away what is there.
    ///
    /// - Parameter content: What to put there; `nil` to take it away.
    public func changeProperty(at place: PropertyPlace, to content: PropertyEdit.Content?) async throws(BaseSpaceError)
    {
        _ = try await change(place, to: content)
    }

    /// Removes a directory that has nothing in it, here and, where the service holds an empty list or map, there.
    ///
    /// - Returns: Whether it could be removed; otherwise something is in it.
    public func removePropertyDirectory(at place: PropertyPlace) async throws(BaseSpaceError) -> Bool {
        let isListed = try await listing(for: .properties(of: place.owner)).directories[place.path] != nil
        if isListed {
            guard try await change(place, to: nil, onlyIfEmpty: true) else { return false }
        }
        state.withLock { _ = $0.localProperties[place.owner]?.remove(place.path) }
        return true
    }

    private func change(
        _ place: PropertyPlace,
        to content: PropertyEdit.Content?,
        onlyIfEmpty: Bool = false
    ) async throws(BaseSpaceError) -> Bool {
        let change = state.withLock { state in
            let before = state.propertyChanges[place.owner]
            let change = PropertyChange {
                _ = await before?.value
                defer { self.state.withLock { $0.outdate(.properties(of: place.owner)) } }
                do throws(BaseSpaceError) {
                    return .success(try await self.apply(content, at: place, onlyIfEmpty: onlyIfEmpty))
                } catch {
                    return .failure(error)
                }
            }
            state.propertyChanges[place.owner] = change
            return change
        }
        return try await change.value.get()
    }

    private func apply(
        _ content: PropertyEdit.Content?,
        at place: PropertyPlace,
        onlyIfEmpty: Bool
    ) async throws(BaseSpaceError) -> Bool {
        let name = place.components.first ?? ""
        let property = PropertyPlace(owner: place.owner, path: name)
        let known = try await service.properties(of: property.owner).first { $0.name == property.path }
        let (current, hidden) = (known?.value, known?.hiddenCount ?? 0)
        let numbers = state.withLock { state in
            // What others have made of it since has numbers of its own.
            if !(current?.isList ?? false) {
                state.propertyGaps[property] = nil
            }
            return state.propertyGaps[property] ?? ElementNumbers()
        }
        if onlyIfEmpty {
            switch PropertyEdit.contents(of: current, at: Array(place.components.dropFirst()), numbers) {
            case .none: return true
            case .some(let count) where count + hidden > 0: return false
            case .some: break
            }
        }
        if hidden > 0, place.components.count > 1, case .references = current {
            throw PropertyEdit.problem(
                "\(hidden) of what this list refers to can't be seen by this account, and would not be in it any more"
            )
        }
        let edit = try PropertyEdit(content, at: place.components, of: current, numbers: numbers)
        try await make(edit, of: property)
        state.withLock { state in
            state.outage.isOver(at: now())
            switch edit {
            case .set:
                state.renumber(property, after: place, isRemoval: content == nil, isList: current?.isList ?? false)
            case .delete:
                state.propertyGaps[property] = nil
                if place.components.count > 1 {
                    // The directory outlives the last of its entries.
                    state.localProperties[place.owner, default: []].insert(name)
                }
            }
        }
        return true
    }

    private func make(_ edit: PropertyEdit, of property: PropertyPlace) async throws(BaseSpaceError) {
        let (name, owner) = (property.path, property.owner)
        do throws(BaseSpaceError) {
            switch edit {
            case .set(let value): try await service.setProperty(named: name, of: owner, to: value)
            case .delete: try await service.deleteProperty(named: name, of: owner)
            }
        } catch {
            // The answer may be lost and the change made. To remove an element once more would remove the next one.
            guard error.isUnreachable, let properties = try? await service.properties(of: owner) else { throw error }
            let value = properties.first { $0.name == name }?.value
            guard edit == (value.map { PropertyEdit.set($0) } ?? .delete) else { throw error }
        }
    }
}

extension Tree.State {
    /// Remembers what the elements of a list are called after one of them was removed or set.
    fileprivate mutating func renumber(
        _ property: PropertyPlace,
        after place: PropertyPlace,
        isRemoval: Bool,
        isList: Bool
    ) {
        let components = place.components
        guard isList, components.count > 1 else { return }
        var numbers = propertyGaps[property] ?? ElementNumbers()
        if !isRemoval {
            numbers.set(components[1])
        } else if components.count == 2 {
            numbers.remove(components[1])
        }
        propertyGaps[property] = numbers.isPlain ? nil : numbers
    }

    /// Numbers the elements of an entity's lists as they stand there.
    mutating func forgetGaps(of owner: EntityKey) {
        for place in propertyGaps.keys where place.owner == owner {
            propertyGaps[place] = nil
        }
    }
}

extension PropertyValue {
    fileprivate var isList: Bool {
        switch self {
        case .texts, .references, .maps: true
        case .text, .reference, .map, .unknown: false
        }
    }
}
