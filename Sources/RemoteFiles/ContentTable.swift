/// The states of contents, by content.
///
/// They stand in an array, since `Dictionary` allocates for each change in place of a value as large as these, and every
/// read makes one.
struct ContentTable: Sendable {
    private var places: [Content: Int] = [:]
    private var states: [ContentState] = []

    var isEmpty: Bool { states.isEmpty }
    var count: Int { states.count }
    var values: [ContentState] { states }

    /// Changes a state in place, without memory of its own; `nil` if there is none.
    @inline(__always)
    mutating func update<Result>(_ content: Content, _ change: (inout ContentState) -> Result) -> Result? {
        guard let place = places[content] else { return nil }
        return change(&states[place])
    }

    subscript(content: Content) -> ContentState? {
        get { places[content].map { states[$0] } }
        _modify {
            // Out of the array and back again: a second reference to its arrays would make each change copy them.
            var state = remove(content)
            defer {
                if let state { add(state) }
            }
            yield &state
        }
    }

    private mutating func remove(_ content: Content) -> ContentState? {
        guard let place = places.removeValue(forKey: content) else { return nil }
        states.swapAt(place, states.count - 1)
        let state = states.removeLast()
        if place < states.count {
            places[states[place].content] = place
        }
        return state
    }

    private mutating func add(_ state: ContentState) {
        places[state.content] = states.count
        states.append(state)
    }
}
