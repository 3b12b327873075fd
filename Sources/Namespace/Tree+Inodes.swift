internal import BaseSpaceAPI
internal import Synchronization

/// A line of the inode table.
struct InodeSlot: Sendable {
    var node: Node
    /// Lookup references that the kernel holds.
    var references: UInt64
    /// Its turn in the line of those that the kernel may be told to forget; `nil` for what it may not.
    var turn: UInt64?
    /// Whether the kernel was told to forget it, and did not look it up since.
    var isTold = false
}

/// A node in that line; it counts as long as the node's slot has the same turn.
struct RetainedNode: Sendable {
    var inode: InodeNumber
    var turn: UInt64
}

extension Tree {
    /// The node that the kernel means by an inode number; `nil` if it holds no reference of it.
    public func node(_ inode: InodeNumber) -> Node? {
        inode == .root ? root : state.withLock { $0.slots[inode]?.node }
    }

    /// Counts one lookup reference of a node and answers the node as the table holds it: what the kernel is to be told.
    /// `nil` for a staged file that has left the tree since the node was made.
    ///
    /// A number that is taken by another place (two keys with one hash) is passed over for the next free one.
    public func retain(_ node: Node) -> Node? {
        guard node.inode != .root else { return root }
        return state.withLock { state in
            guard let node = state.current(node) else { return nil }
            var inode = node.inode
            while let slot = state.slots[inode], !slot.node.isSamePlace(as: node) {
                inode = InodeNumber(rawValue: inode.rawValue &+ 1)
            }
            let kept =
                inode == node.inode
                ? node : Node(inode: inode, parent: node.parent, name: node.name, content: node.content)
            state.countReference(of: kept)
            return kept
        }
    }

    /// The kernel gives back references; a node without any is forgotten.
    public func forget(_ inode: InodeNumber, count: UInt64) {
        state.withLock { state in
            guard let slot = state.slots[inode] else { return }
            guard slot.references <= count else {
                state.slots[inode]?.references -= count
                return
            }
            state.slots[inode] = nil
            state.toldNodes -= slot.isTold ? 1 : 0
            state.forgettableNodes -= slot.turn == nil ? 0 : 1
            if case .file(let record) = slot.node.content, state.fileChanges.aliases[record.id]?.inode == inode {
                state.fileChanges.aliases[record.id] = nil
            }
        }
    }

    /// Listings that are remembered, refusals among them; for tests.
    var listingCount: Int {
        state.withLock { $0.listings.count }
    }

    /// Nodes in the inode table; for tests.
    var inodeCount: Int {
        state.withLock { $0.slots.count }
    }
}

extension Tree.State {
    fileprivate mutating func countReference(of node: Node) {
        if var slot = slots[node.inode], !slot.isTold {
            slot.node = node
            slot.references += 1
            slots[node.inode] = slot
            return
        }
        // New, or wanted again after the kernel was told to forget it: it goes to the end of the line.
        let known = slots[node.inode]
        var slot = InodeSlot(node: node, references: (known?.references ?? 0) + 1, turn: nil)
        if node.isForgettable {
            turns += 1
            slot.turn = turns
            retained.append(RetainedNode(inode: node.inode, turn: turns))
        }
        toldNodes -= known?.isTold == true ? 1 : 0
        forgettableNodes += (slot.turn == nil ? 0 : 1) - (known?.turn == nil ? 0 : 1)
        slots[node.inode] = slot
        compactRetained()
    }

    /// What has become of a node: a directory is listed from a snapshot, and a file in it may have been written again,
    /// uploaded, renamed or removed since.
    fileprivate func current(_ node: Node) -> Node? {
        switch node.content {
        case .staged(let place):
            switch local[place.container]?[place.path] {
            case .staged(node.inode): return node
            case .uploaded(let record, _) where fileChanges.alias(of: record) == node.inode:
                return node.with(.file(record))
            default: return slots[node.inode]?.node
            }
        case .file(let record):
            // Nearly all files are in containers where nothing was written.
            guard let entries = local[record.container] else { return node }
            switch entries[record.place.path] {
            case .staged(node.inode): return node.with(.staged(record.place))
            case .uploaded(let newer, _) where fileChanges.alias(of: newer) == node.inode:
                return node.with(.file(newer))
            default: return node
            }
        default:
            return node
        }
    }
}
