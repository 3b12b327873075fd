/// The JSON forms of properties.
extension Model {
    /// How many items of a list are shown inside its property; the others are paged through.
    static let inlineItemLimit = 99
    /// How many properties are shown inside their entity.
    static let inlinePropertyLimit = 50

    /// The container of properties inside an entity.
    func propertyContainer(of entity: EntityID) -> JSON {
        let all = properties(of: entity)
        let shown = all.prefix(Self.inlinePropertyLimit).map { compact($0, of: entity) }
        return [
            "Items": .array(shown), "DisplayedCount": .integer(Int64(shown.count)),
            "TotalCount": .integer(Int64(all.count)), "Href": .string("\(entity.href)/properties"),
        ]
    }

    /// A property in a list.
    func compact(_ property: Property, of entity: EntityID) -> JSON {
        let href = "\(entity.href)/properties/\(property.name)"
        let head: JSON = [
            "Type": .string(property.type), "Href": .string(href), "Name": .string(property.name),
            "Description": .string(property.description),
        ]
        return head.appending(content(of: property, href: href))
    }

    /// A property on its own.
    func full(_ property: Property, of entity: EntityID) -> JSON {
        compact(property, of: entity).appending([
            JSON.Member("UserModifiedBy", compactUser()),
            JSON.Member("ApplicationModifiedBy", Application.simulated.compact),
            JSON.Member("DateModified", dates(property.modified)),
        ])
    }

    /// An item in the list of a property's items.
    func compact(_ item: Property.Item) -> JSON {
        ["Id": text(item.id), "Content": value(of: item.content)]
    }

    private func content(of property: Property, href: String) -> [JSON.Member] {
        guard property.isList else {
            let value: JSON = property.items.first.map { self.value(of: $0.content) } ?? .null
            // The Python SDK reads a map's Items where others read its Content.
            let again = property.kind == .map ? [JSON.Member("Items", value)] : []
            return [JSON.Member("Content", value)] + again
        }
        let shown = property.items.prefix(Self.inlineItemLimit).map { self.value(of: $0.content) }
        return [
            JSON.Member("Items", .array(shown)), JSON.Member("HrefItems", .string("\(href)/items")),
            JSON.Member("ItemsDisplayedCount", .integer(Int64(shown.count))),
            JSON.Member("ItemsTotalCount", .integer(Int64(property.items.count))),
        ]
    }

    private func value(of content: Property.Content) -> JSON {
        switch content {
        case .text(let value): .string(value)
        case .reference(let entity): compact(entity) ?? ["Href": .string(entity.href)]
        case .map(let entries): Self.map(entries)
        }
    }

    static func map(_ entries: [Property.MapEntry]) -> JSON {
        .array(entries.map { ["Key": .string($0.key), "Values": .array($0.values.map { .string($0) })] })
    }

    /// The compact form of any entity; nil if it is gone.
    func compact(_ entity: EntityID) -> JSON? {
        switch entity.kind {
        case .projects: projects[entity.id].map(compact)
        case .samples: samples[entity.id].map(compact)
        case .appResults: appResults[entity.id].map(compact)
        case .runs: runs[entity.id].map(compact)
        case .sessions: sessions[entity.id].map(compact)
        case .files: files[entity.id].map { compact($0, etag: $0.etag) }
        }
    }
}
