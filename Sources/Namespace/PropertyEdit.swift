public import BaseSpaceAPI

/// What a change of a file or link in `Properties/` makes of the property that it belongs to. The service sets and removes
/// properties as a whole.
public enum PropertyEdit: Hashable, Sendable {
    /// The property gets this value.
    case set(PropertyValue)
    /// The property goes.
    case delete

    /// What is put into a place.
    public enum Content: Hashable, Sendable {
        case text(String)
        case reference(EntityReference)
    }

    /// The edit that puts something into a place, or takes away what is there.
    ///
    /// - Parameters:
    ///   - content: What to put there; `nil` to take it away.
    ///   - components: The place: the name of the property, then where in it.
    ///   - current: The value of the property; `nil` if it does not exist.
    ///   - numbers: What the elements of a list are called.
    /// - Throws: `invalidRequest` in words, for what no property can be.
    public init(
        _ content: Content?,
        at components: [String],
        of current: PropertyValue?,
        numbers: ElementNumbers = ElementNumbers()
    ) throws(BaseSpaceError) {
        guard let content else {
            self = try Self.removal(at: Array(components.dropFirst()), of: current, numbers)
            return
        }
        switch components.count {
        case 1: self = .set(Self.single(content))
        case 2: self = .set(try Self.element(content, at: components[1], of: current, numbers))
        case 3: self = .set(try Self.field(content, at: components[1], components[2], of: current, numbers))
        default: throw Self.problem("properties have no more than two levels of directories")
        }
    }

    private static func single(_ content: Content) -> PropertyValue {
        switch content {
        case .text(let text): .text(text)
        case .reference(let reference): .reference(reference)
        }
    }

    /// An element of a list, or an entry of a map: what is named by a number makes a list.
    private static func element(
        _ content: Content,
        at key: String,
        of current: PropertyValue?,
        _ numbers: ElementNumbers
    ) throws(BaseSpaceError) -> PropertyValue {
        switch (content, current) {
        case (.text(let text), .map(let map)):
            return .map(map.setting(key, to: lines(text)))
        case (.text(let text), nil) where Int(key) == nil:
            return .map(PropertyMap([.init(key, lines(text))]))
        case (.text(let text), nil):
            return .texts(try [String]().setting(text, at: key, numbers))
        case (.text(let text), .texts(let texts)):
            return .texts(try texts.setting(text, at: key, numbers))
        case (.reference(let reference), nil):
            return .references(reference.kind, try [EntityReference]().setting(reference, at: key, numbers))
        case (.reference(let reference), .references(let kind, let references)):
            guard kind == reference.kind else {
                throw problem("this property is a list of \(kind.plural); a \(reference.kind.rawValue) can't be in it")
            }
            return .references(kind, try references.setting(reference, at: key, numbers))
        default:
            throw problem("a property of type \(current?.type ?? "none") can't hold that")
        }
    }

    /// An entry of a map in a list of maps.
    private static func field(
        _ content: Content,
        at index: String,
        _ key: String,
        of current: PropertyValue?,
        _ numbers: ElementNumbers
    ) throws(BaseSpaceError) -> PropertyValue {
        guard case .text(let text) = content else { throw problem("a map holds text only") }
        let maps: [PropertyMap]
        switch current {
        case nil: maps = []
        case .maps(let known): maps = known
        default: throw problem("a property of type \(current?.type ?? "none") has no lists of maps")
        }
        let place = numbers.isGap(index) ? nil : numbers.place(of: index)
        let known = place.flatMap { maps.indices.contains($0) ? maps[$0] : nil } ?? PropertyMap([])
        return .maps(try maps.setting(known.setting(key, to: lines(text)), at: index, numbers))
    }

    private static func removal(
        at path: [String],
        of current: PropertyValue?,
        _ numbers: ElementNumbers
    ) throws(BaseSpaceError) -> PropertyEdit {
        guard let key = path.first else { return .delete }
        switch current {
        case .map(let map):
            let rest = map.entries.filter { EntityNames.legal($0.key) != key }
            return rest.isEmpty ? .delete : .set(.map(PropertyMap(rest)))
        case .texts(let texts):
            let rest = try texts.removing(at: key, numbers)
            return rest.isEmpty ? .delete : .set(.texts(rest))
        case .references(let kind, let references):
            let rest = try references.removing(at: key, numbers)
            return rest.isEmpty ? .delete : .set(.references(kind, rest))
        case .maps(let maps) where path.count == 1:
            let rest = try maps.removing(at: key, numbers)
            return rest.isEmpty ? .delete : .set(.maps(rest))
        case .maps(let maps):
            let index = try maps.index(of: key, numbers)
            let entries = maps[index].entries.filter { EntityNames.legal($0.key) != path[1] }
            return .set(.maps(try maps.setting(PropertyMap(entries), at: key, numbers)))
        default:
            throw problem("there is nothing of that name in the property")
        }
    }

    /// How much is in a directory of a property.
    ///
    /// - Parameter path: The directory, below the property's name.
    /// - Returns: `nil` if there is no such directory (any more).
    static func contents(of value: PropertyValue?, at path: [String], _ numbers: ElementNumbers) -> Int? {
        switch value {
        case .texts(let texts) where path.isEmpty: return texts.count
        case .references(_, let references) where path.isEmpty: return references.count
        case .map(let map) where path.isEmpty: return map.entries.count
        case .maps(let maps):
            guard let element = path.first else { return maps.count }
            return (try? maps.index(of: element, numbers)).map { maps[$0].entries.count }
        default: return nil
        }
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    static func problem(_ words: String) -> BaseSpaceError {
        BaseSpaceError(kind: .invalidRequest, message: words, endpoint: "properties")
    }
}

extension PropertyMap {
    fileprivate func setting(_ key: String, to values: [String]) -> PropertyMap {
        var entries = entries
        // The name of the file may be a legal form of the key.
        if let index = entries.firstIndex(where: { $0.key == key || EntityNames.legal($0.key) == key }) {
            entries[index].values = values
        } else {
            entries.append(.init(key, values))
        }
        return PropertyMap(entries)
    }
}

extension Array {
    /// The list with an element replaced, put back where one was removed, or one more at its end.
    fileprivate func setting(
        _ element: Element,
        at key: String,
        _ numbers: ElementNumbers
    ) throws(BaseSpaceError) -> [Element] {
        guard let index = numbers.place(of: key), index <= count else {
            throw PropertyEdit.problem("the next of this list is '\(numbers.next(count: count))', not '\(key)'")
        }
        var elements = self
        if index == count || numbers.isGap(key) {
            elements.insert(element, at: index)
        } else {
            elements[index] = element
        }
        return elements
    }

    fileprivate func removing(at key: String, _ numbers: ElementNumbers) throws(BaseSpaceError) -> [Element] {
        var elements = self
        elements.remove(at: try index(of: key, numbers))
        return elements
    }

    /// Where an element stands that is there.
    fileprivate func index(of key: String, _ numbers: ElementNumbers) throws(BaseSpaceError) -> Int {
        guard let index = numbers.place(of: key), index < count, !numbers.isGap(key) else {
            throw PropertyEdit.problem("there is no '\(key)'")
        }
        return index
    }
}
