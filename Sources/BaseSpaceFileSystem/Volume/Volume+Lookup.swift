internal import BaseSpaceAPI
public import Namespace
internal import Synchronization
public import SystemPackage

extension Volume {
    public func lookup(_ name: String, in parent: InodeNumber, caller: Caller) throws(Errno) -> Answer<LookupResult> {
        let directory = try node(parent)
        guard directory.isDirectory else { throw .notDirectory }
        switch tree.knownChild(named: name, of: directory) {
        case .found(let child):
            return .ready(result(child, in: directory, caller: caller))
        case .missing:
            return .ready(missing(name, in: directory))
        case .unknown:
            return pending("looking up '\(name)'", in: parent) { [self] in
                for _ in 0..<Self.mostLooks {
                    guard let child = try await tree.child(named: name, of: directory) else {
                        return missing(name, in: directory)
                    }
                    // A text that was outdated while it was asked for has no size to tell.
                    if case .document(let document) = child.content, !document.isReport,
                        tree.knownText(of: document) == nil
                    {
                        continue
                    }
                    return result(child, in: directory, caller: caller)
                }
                throw Errno.resourceTemporarilyUnavailable
            }
        }
    }

    private func result(_ child: Node, in directory: Node, caller: Caller) -> LookupResult {
        defer { trimKernel() }
        if !child.isDirectory {
            habits.withLock { $0.lookedUp(child.name, in: directory.inode, by: caller.pid, at: .now) }
        }
        guard let entry = entry(for: child, in: directory) else { return missing(child.name, in: directory) }
        return .found(entry)
    }

    private func missing(_ name: String, in directory: Node) -> LookupResult {
        missedNames.withLock { $0.insert(name, in: directory.inode, at: .now) }
        // `mkdir -p` looks for what somebody else has made right after it was told of that.
        if case .collection = directory.content { return .missing(lifetime: 0) }
        return .missing(lifetime: Self.negativeLifetime)
    }

    public func forget(_ inode: InodeNumber, count: UInt64) {
        tree.forget(inode, count: count)
        if tree.node(inode) == nil {
            cachedVersions.withLock { $0[inode] = nil }
        }
    }

    /// The entry of a node that the kernel is told of: one lookup reference. `nil` if it has left the tree meanwhile.
    ///
    /// - Parameter lifetime: How long the name means this node, in seconds; as long as the listing by default.
    func entry(for node: Node, in directory: Node, lifetime: Double? = nil) -> Entry? {
        guard let node = tree.retain(node) else { return nil }
        do throws(Errno) {
            return Entry(try timedAttributes(of: node), lifetime: lifetime ?? self.lifetime(in: directory))
        } catch {
            forget(node.inode, count: 1)
            return nil
        }
    }

    /// The same for what was just made.
    func newEntry(for node: Node, in directory: Node, lifetime: Double? = nil) throws(Errno) -> Entry {
        guard let entry = entry(for: node, in: directory, lifetime: lifetime) else { throw .staleNFSFileHandle }
        return entry
    }

    func lifetime(in directory: Node) -> Double {
        Self.seconds(tree.lifetime(in: directory))
    }

    static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// Seconds for which the kernel remembers that a name does not exist. samtools tries `.csi`, `.bai` and `.crai`, a
    /// shell walks `$PATH`, Python looks for `.pyc`: each asks for the same missing names in bursts.
    static let negativeLifetime = 5.0
}
