internal import BaseSpaceAPI
public import Namespace
public import SystemPackage
internal import Uploads

/// What the service knows of a place beyond `stat`, as extended attributes `user.basespace.*`.
extension Volume {
    public func extendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<[UInt8]> {
        guard let value = extendedAttributes(of: try node(inode))[name] else { throw .noData }
        return .ready(Array(value.utf8))
    }

    public func extendedAttributeNames(of inode: InodeNumber) throws(Errno) -> Answer<[String]> {
        .ready(extendedAttributes(of: try node(inode)).keys.sorted())
    }

    public func setExtendedAttribute(
        _ name: String,
        of inode: InodeNumber,
        to value: [UInt8],
        existing: ExistingAttribute
    ) throws(Errno) -> Answer<Void> {
        if name == Self.description, case .collection(.appResults(let project), _) = try node(inode).content {
            guard let text = String(validating: value, as: UTF8.self) else { throw .invalidArgument }
            try existing.check(isThere: tree.description(ofResultsIn: project) != nil)
            tree.setDescription(ofResultsIn: project, to: text)
            return .ready(())
        }
        // The type of a file's content is given with the upload, in a header, so it can be set until then.
        guard name == Self.contentType else { throw .notSupported }
        guard let entry = staged[inode] else { throw .notPermitted }
        guard let text = String(validating: value, as: UTF8.self), !text.isEmpty,
            text.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else { throw .invalidArgument }
        try existing.check(isThere: entry.contentType != nil)
        entry.set(contentType: text)
        return .ready(())
    }

    public func removeExtendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<Void> {
        if name == Self.description, case .collection(.appResults(let project), _) = try node(inode).content {
            try ExistingAttribute.required.check(isThere: tree.description(ofResultsIn: project) != nil)
            tree.setDescription(ofResultsIn: project, to: nil)
            return .ready(())
        }
        guard name == Self.contentType else { throw .notSupported }
        guard let entry = staged[inode] else { throw .notPermitted }
        guard entry.contentType != nil else { throw .noData }
        entry.set(contentType: .some(nil))
        return .ready(())
    }

    /// Of an `AppResults/`: how those are described that are made in it from then on.
    private static let description = "user.basespace.description"
    private static let contentType = "user.basespace.content_type"

    private func extendedAttributes(of node: Node) -> [String: String] {
        var attributes: [String: String] = [:]
        switch node.content {
        case .entity(let entity):
            attributes["user.basespace.id"] = entity.id.rawValue
            attributes["user.basespace.href"] = entity.key.href
            attributes["user.basespace.status"] = tree.knownSession(of: entity)?.status.rawValue ?? entity.status
        case .collection(.appResults(let project), _):
            attributes[Self.description] = tree.description(ofResultsIn: project)
        case .file(let record):
            attributes["user.basespace.id"] = record.id.rawValue
            attributes["user.basespace.href"] = "v1pre3/files/\(record.id)"
            attributes["user.basespace.etag"] = record.etag
            attributes[Self.contentType] = record.contentType
        case .staged:
            attributes[Self.contentType] = staged[node.inode]?.contentType ?? ContentType.forName(node.name)
        default:
            break
        }
        return attributes
    }
}

extension ExistingAttribute {
    /// Whether setting it is what was meant (XATTR_CREATE, XATTR_REPLACE).
    fileprivate func check(isThere: Bool) throws(Errno) {
        switch self {
        case .forbidden where isThere: throw .fileExists
        case .required where !isThere: throw .noData
        case .allowed, .forbidden, .required: break
        }
    }
}
