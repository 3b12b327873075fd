/// The numbers by which the elements of a list are called in the tree: 0, 1, 2, … as they stand in the list, until one is
/// removed. Then the others keep theirs, as files do when one of them is removed: `rm 0 1` takes away the two that were
/// seen under these names, and `rm -r` comes to an end.
public struct ElementNumbers: Hashable, Sendable {
    /// The numbers whose elements were removed.
    private var gaps: Set<Int> = []

    /// Numbers without a gap.
    public init() {}

    /// Whether they are just the places in the list.
    var isPlain: Bool { gaps.isEmpty }

    /// The numbers of a list of so many elements, in its order.
    func all(count: Int) -> some Sequence<Int> {
        (0..<(count + gaps.count)).lazy.filter { !gaps.contains($0) }.prefix(count)
    }

    /// The number that the next element gets.
    func next(count: Int) -> Int { all(count: count + 1).reduce(0) { max($0, $1) } }

    /// The place in the list that a name stands for, or stood for until its element was removed; `nil` for what is no
    /// number. It may be beyond the end.
    func place(of name: String) -> Int? {
        guard let number = Int(name), number >= 0, String(number) == name else { return nil }
        return number - gaps.count { $0 < number }
    }

    /// Whether the element of that name was removed.
    func isGap(_ name: String) -> Bool { Int(name).map { gaps.contains($0) } ?? false }

    /// The same after the element of that name was removed.
    mutating func remove(_ name: String) {
        if let number = Int(name) { gaps.insert(number) }
    }

    /// The same after an element of that name was set.
    mutating func set(_ name: String) {
        if let number = Int(name) { gaps.remove(number) }
    }
}
