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
            return .ready(.found(entry(for: child, in: directory)))
        case .missing:
            return .ready(.missing(lifetime: Self.negativeLifetime))
        case .unknown:
            return pending("looking up '\(name)'") { [self] in
                guard let child = try await tree.child(named: name, of: directory) else {
                    return .missing(lifetime: Self.negativeLifetime)
                }
                return .found(entry(for: child, in: directory))
            }
        }
    }

    public func forget(_ inode: InodeNumber, count: UInt64) {
        tree.forget(inode, count: count)
        if tree.node(inode) == nil {
            cachedVersions.withLock { $0[inode] = nil }
        }
    }

    /// The entry of a node that the kernel is told of: one lookup reference.
    func entry(for node: Node, in directory: Node) -> Entry {
        let node = tree.retain(node)
        return Entry(timedAttributes(of: node), lifetime: lifetime(in: directory))
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
