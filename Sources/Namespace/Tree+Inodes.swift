internal import BaseSpaceAPI
internal import Synchronization

/// A line of the inode table.
struct InodeSlot: Sendable {
    var node: Node
    /// Lookup references that the kernel holds.
    var references: UInt64
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
            if state.slots[inode] == nil {
                state.retained.append(inode)
                state.compactRetained()
            }
            state.slots[inode, default: InodeSlot(node: kept, references: 0)].references += 1
            state.slots[inode]?.node = kept
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
            if case .file(let record) = slot.node.content, state.aliases[record.id] == inode {
                state.aliases[record.id] = nil
            }
        }
    }

    /// Nodes in the inode table, for status and tests.
    public var inodeCount: Int {
        state.withLock { $0.slots.count }
    }
}

extension Tree.State {
    /// What has become of a node: a directory is listed from a snapshot, and a staged file in it may have been uploaded,
    /// renamed or removed since.
    fileprivate func current(_ node: Node) -> Node? {
        guard case .staged(let place) = node.content else { return node }
        switch local[place.container]?[place.path] {
        case .staged(node.inode): return node
        case .uploaded(let record, _) where aliases[record.id] == node.inode: return node.with(.file(record))
        default: return slots[node.inode]?.node
        }
    }
}
