/// Anything with a numeric id that stands in a collection.
protocol Entity: Sendable {
    var id: Int64 { get }
    var name: String { get }
    var created: ServiceDate { get }
}

/// The entities of one kind, by id, and their order.
struct Table<Element: Entity>: Sendable {
    private var elements: [Int64: Element] = [:]
    /// Ascending, so that no list has to sort.
    private(set) var ids = SortedIDs()

    subscript(id: Int64) -> Element? { elements[id] }

    /// Every entity, in the order of ids.
    var all: [Element] { ids.compactMap { elements[$0] } }

    /// Adds an entity, whose id must be new.
    mutating func insert(_ element: Element) {
        elements[element.id] = element
        ids.insert(element.id)
    }

    /// Removes an entity.
    mutating func remove(_ id: Int64) {
        guard elements.removeValue(forKey: id) != nil else { return }
        ids.remove(id)
    }

    /// Changes an entity in place; nothing happens if there is none with this id.
    mutating func update(_ id: Int64, _ change: (inout Element) -> Void) {
        guard var element = elements.removeValue(forKey: id) else { return }
        change(&element)
        elements[id] = element
    }
}

/// Ids in ascending order, each once. New ids are mostly the greatest, so that adding one is cheap.
struct SortedIDs: RandomAccessCollection, Sendable {
    private var ids: [Int64] = []

    var startIndex: Int { 0 }
    var endIndex: Int { ids.count }
    subscript(index: Int) -> Int64 { ids[index] }

    mutating func insert(_ id: Int64) {
        if ids.last.map({ $0 < id }) ?? true {
            ids.append(id)
            return
        }
        let index = position(of: id)
        if ids[index] != id { ids.insert(id, at: index) }
    }

    mutating func remove(_ id: Int64) {
        let index = position(of: id)
        if index < ids.count, ids[index] == id { ids.remove(at: index) }
    }

    /// The first index whose id is not below.
    private func position(of id: Int64) -> Int {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
