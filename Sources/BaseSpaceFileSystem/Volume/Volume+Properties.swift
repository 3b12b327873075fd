internal import BaseSpaceAPI
public import Namespace
internal import Synchronization
public import SystemPackage

/// Changing properties: `echo text > Properties/App.Name`, `ln -s SAMPLE Properties/Input.Sample`, `mkdir Properties/App.List`,
/// `rm`. The service keeps a property as a whole, so a change of a part of one reads it, changes it, and sets it anew.
extension Volume {
    /// Sets a property of text, or a text in one, to what was written through a handle so far: a shell writes each line
    /// by itself. What is written at the start is a new text, anything else comes behind what is there. The last newline
    /// is the shell's.
    func write(_ bytes: [UInt8], at offset: Int64, to property: WrittenProperty) -> Answer<Int> {
        finishing("setting property '\(property.place.path)'", in: property.node.parent) { [self] in
            var written: [UInt8] = []
            if offset > 0 {
                // Opened for appending, the first write goes behind what others wrote.
                let known = property.text.withLock { $0 }
                written = if let known { known } else { try await tree.text(ofProperty: property.place) }
            }
            written += bytes
            guard let text = Self.text(of: written) else {
                let words =
                    "property '\(property.place.path)' can't be set: the text is not UTF-8, and the service holds no other"
                throw refusal(.invalidArgument, words, in: property.node.parent)
            }
            try await tree.changeProperty(at: property.place, to: .text(text))
            property.text.withLock { $0 = written }
            forgetDocuments()
            return bytes.count
        }
    }

    /// What was written, without the shell's newline; `nil` if it is not UTF-8. Of a long text that comes in pieces the last
    /// character may be incomplete until the next one.
    private static func text(of written: [UInt8]) -> String? {
        let isWhole = written.last == UInt8(ascii: "\n")
        let bytes = isWhole ? written.dropLast() : written[...]
        let pieces = !isWhole && written.count >= shortestPiece ? 0...3 : 0...0
        return pieces.lazy.compactMap { String(validating: bytes.dropLast($0), as: UTF8.self) }.first
    }

    /// What programs write a long text in: a page.
    private static let shortestPiece = 4096

    /// `symlink`: a reference in `Properties/`; links can be made nowhere else.
    public func makeSymbolicLink(
        _ name: String,
        in parent: InodeNumber,
        to target: String
    ) throws(Errno) -> Answer<Entry> {
        try noting("making link '\(name)'", in: parent) { () throws(Errno) in try link(name, in: parent, to: target) }
    }

    private func link(_ name: String, in parent: InodeNumber, to target: String) throws(Errno) -> Answer<Entry> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        guard case .properties(let properties) = directory.content else { throw .notPermitted }
        let place = properties.appending(name)
        return finishing("making property '\(place.path)'", in: parent) { [self] in
            guard try await tree.child(named: name, of: directory) == nil else { throw Errno.fileExists }
            guard
                let reference = try await tree.reference(
                    at: target,
                    from: directory,
                    mountPoint: mountPoint.withLock { $0 }
                )
            else {
                let words =
                    """
                    '\(target)' is no project, sample, AppResult, AppSession, run, dataset, biosample or file of this mount; \
                    a link in Properties refers to one of these
                    """
                throw refusal(.invalidArgument, words, in: parent)
            }
            try await tree.changeProperty(at: place, to: .reference(reference))
            forgetDocuments()
            guard let child = try await tree.child(named: name, of: directory) else { throw Errno.ioError }
            return try newEntry(for: child, in: directory)
        }
    }

    /// `creat` in `Properties/`. The property exists once something is written: the service is not asked to keep an empty
    /// text that the next write would replace.
    func createProperty(_ name: String, in directory: Node, place: PropertyPlace) throws(Errno) -> Answer<CreatedFile> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        try check(place, in: directory)
        return try knowing([(name, directory)], "making property '\(place.path)'") { [self] () throws(Errno) in
            let node: Node
            switch tree.knownChild(named: name, of: directory) {
            case .found(let child): node = child
            case .missing, .unknown: node = tree.emptyProperty(at: place, in: directory)
            }
            guard case .property(let place) = node.content else { throw .fileExists }
            let entry = try newEntry(for: node, in: directory, lifetime: 1)
            let handle = OpenHandle.property(WrittenProperty(node: node, place: place))
            return .ready(CreatedFile(entry: entry, file: opened(handle, isDirect: true)))
        }
    }

    /// The service's rules for names, before anything is made that it would not take.
    private func check(_ place: PropertyPlace, in directory: Node) throws(Errno) {
        guard place.components.count == 1, let fault = PropertyName.fault(in: place.name) else { return }
        throw refused(.invalidArgument, "'\(place.name)' can't be a property: \(fault)", in: directory.inode)
    }

    /// `mkdir` in `Properties/`: a list or map to be. The service can't hold an empty one, so it is here only until
    /// something is in it.
    func makeProperty(at place: PropertyPlace, in directory: Node) throws(Errno) -> Node {
        try check(place, in: directory)
        return tree.addLocalProperty(at: place, in: directory)
    }

    /// `rm` and `rmdir` in `Properties/`.
    func removeProperty(
        _ place: PropertyPlace,
        named name: String,
        in directory: Node,
        isDirectory: Bool
    ) throws(Errno) -> Answer<Void> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        return finishing("removing property '\(place.path)'", in: directory.inode) { [self] in
            guard let child = try await tree.child(named: name, of: directory) else {
                throw Errno.noSuchFileOrDirectory
            }
            guard child.isDirectory == isDirectory else { throw isDirectory ? Errno.notDirectory : Errno.isDirectory }
            if isDirectory {
                guard try await tree.children(of: child).isEmpty, try await tree.removePropertyDirectory(at: place)
                else { throw Errno.directoryNotEmpty }
            } else {
                try await tree.changeProperty(at: place, to: nil)
            }
            forgetDocuments()
        }
    }
}
