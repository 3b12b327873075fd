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
        property.beginWrite()
        supersede(property.place, by: property)
        return finishing("setting property '\(property.place.path)'", in: property.node.parent) { [self] in
            var written: [UInt8] = []
            // Opened for appending, the first write goes behind what others wrote.
            if offset > 0 || property.appends {
                written =
                    if let known = property.text { known } else { try await tree.text(ofProperty: property.place) }
            }
            written += bytes
            guard let text = Self.text(of: written) else {
                forgetName(of: property)
                let words =
                    "property '\(property.place.path)' can't be set: the text is not UTF-8, and the service holds no other"
                throw refusal(.invalidArgument, words, in: property.node.parent)
            }
            try await set(property, to: text)
            property.noteText(written)
            return bytes.count
        }
    }

    /// `close`: what was emptied and not written to is empty at the service, or that close fails. It is the close of the
    /// opener's last descriptor, as with files (``flush(_:of:caller:)``): a shell closes one before it writes.
    func flush(_ property: WrittenProperty, of inode: InodeNumber, caller: Caller) -> Answer<Void> {
        property.noteFlush()
        guard property.isEmptied else { return .ready(()) }
        let flusher = ThreadGroup.of(thread: caller.pid)
        if flusher == property.opener, ThreadGroup.isKilled(thread: caller.pid) {
            // Nobody knows what it was going to write.
            property.forget()
            forgetName(of: property)
            return .ready(())
        }
        guard flusher == property.opener || flusher == 0, !ThreadGroup.process(flusher, canWriteTo: inode),
            property.takeEmptied()
        else { return .ready(()) }
        return finishing("emptying property '\(property.place.path)'", in: property.node.parent) { [self] in
            try await set(property, to: "")
        }
    }

    /// The last close, if none before it was that one: a child closed what its parent had opened. The log and `.error` hear
    /// of an error, nobody else.
    func release(_ property: WrittenProperty) {
        guard property.wasFlushed, property.takeEmptied() else { return }
        Task { [self] in
            do throws(BaseSpaceError) {
                try await set(property, to: "")
            } catch {
                _ = failed(error, doing: "emptying property '\(property.place.path)'", in: property.node.parent)
            }
        }
    }

    private func set(_ property: WrittenProperty, to text: String) async throws(BaseSpaceError) {
        do throws(BaseSpaceError) {
            try await tree.changeProperty(at: property.place, to: .text(text))
        } catch {
            forgetName(of: property)
            throw error
        }
        forgetDocuments()
    }

    /// A name that was made for what the service has not got stands for nothing.
    private func forgetName(of property: WrittenProperty) {
        guard property.isNew else { return }
        kernel.withLock { $0 }?.invalidateEntry(property.node.name, in: property.node.parent)
    }

    /// Something else is put into a place, or what is there taken away: who emptied it before has nothing to tell any more.
    ///
    /// - Returns: Whether there was somebody.
    @discardableResult
    private func supersede(_ place: PropertyPlace, by property: WrittenProperty? = nil) -> Bool {
        handles.writers(of: place).filter { $0 !== property }.reduce(false) { $1.forget() || $0 }
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
        try checkOwner(of: place, in: parent)
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
            if let words = Self.reason(against: place) { throw refusal(.invalidArgument, words, in: parent) }
            try await refuseTwin(of: reference, at: place, in: directory)
            try await tree.changeProperty(at: place, to: .reference(reference))
            forgetDocuments()
            guard let child = try await tree.child(named: name, of: directory) else {
                // The service had it already, put there by others since the list was last seen.
                try await refuseTwin(of: reference, at: place, in: directory)
                throw refusal(.ioError, "property '\(place.path)' was set, and is not there any more", in: parent)
            }
            return try newEntry(for: child, in: directory)
        }
    }

    /// The service keeps each reference of a list once, and takes another one without a word.
    private func refuseTwin(of reference: EntityReference, at place: PropertyPlace, in directory: Node) async throws {
        guard let name = try await tree.element(of: directory, referringTo: reference) else { return }
        let words =
            "property '\(place.path)' can't be made: '\(name)' in this list refers to \(reference.kind.rawValue) \(reference.id) already"
        throw refusal(.fileExists, words, in: directory.inode)
    }

    /// `creat` in `Properties/`. The property exists once something is written, or with the close: the service is not asked to
    /// keep an empty text that the next write would replace.
    func createProperty(
        _ name: String,
        in directory: Node,
        place: PropertyPlace,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        try check(place, in: directory)
        return try knowing([(name, directory)], "making property '\(place.path)'") { [self] () throws(Errno) in
            let node: Node
            let isNew: Bool
            switch tree.knownChild(named: name, of: directory) {
            case .found(let child):
                guard !mode.exclusive else { throw .fileExists }
                node = child
                isNew = false
            case .missing, .unknown:
                node = tree.emptyProperty(at: place, in: directory)
                isNew = true
            }
            guard case .property(let place, _) = node.content else { throw .fileExists }
            let entry = try newEntry(for: node, in: directory, lifetime: 1)
            let file = opened(node, at: place, isNew: isNew, mode: mode, caller: caller)
            return .ready(CreatedFile(entry: entry, file: file))
        }
    }

    /// Opens a property of text for writing.
    func openProperty(_ node: Node, at place: PropertyPlace, mode: OpenMode, caller: Caller) throws(Errno) -> OpenFile {
        try checkOwner(of: place, in: node.parent)
        return opened(node, at: place, isNew: false, mode: mode, caller: caller)
    }

    private func opened(
        _ node: Node,
        at place: PropertyPlace,
        isNew: Bool,
        mode: OpenMode,
        caller: Caller
    ) -> OpenFile {
        let opener = ThreadGroup.of(thread: caller.pid)
        let property = WrittenProperty(node: node, place: place, isNew: isNew, mode: mode, opener: opener)
        return opened(.property(property), isDirect: true, skipsFlush: false)
    }

    /// `truncate` and `ftruncate`. A text can be emptied; what else it is to be is written.
    func resize(
        _ node: Node,
        at place: PropertyPlace,
        to size: UInt64,
        handle: FileHandle?
    ) throws(Errno) -> Answer<TimedAttributes> {
        try checkOwner(of: place, in: node.parent)
        if let handle, case .property(let property) = handles[handle] {
            if size == 0 {
                property.empty()
                return .ready(attributes(of: node, at: place, size: 0))
            }
            // As rsync ends with, after it has written that much.
            if let text = property.text, size == UInt64(text.count) {
                return .ready(attributes(of: node, at: place, size: text.count))
            }
        }
        guard size > 0 else {
            supersede(place)
            return finishing("emptying property '\(place.path)'", in: node.parent) { [self] in
                try await tree.changeProperty(at: place, to: .text(""))
                forgetDocuments()
                return attributes(of: node, at: place, size: 0)
            }
        }
        return pending("changing the size of property '\(place.path)'", in: node.parent) { [self] in
            let text = try await tree.text(ofProperty: place)
            guard size == UInt64(text.count) else {
                let words =
                    "property '\(place.path)' can't be cut to \(size) bytes or filled up to them: empty it, or write it"
                throw refusal(.invalidArgument, words, in: node.parent)
            }
            return attributes(of: node, at: place, size: text.count)
        }
    }

    /// Whether properties of such an entity can be changed at all.
    private func checkOwner(of place: PropertyPlace, in directory: InodeNumber) throws(Errno) {
        guard let fault = place.owner.kind.propertyFault else { return }
        throw refused(.notPermitted, "property '\(place.path)' can't be changed: \(fault)", in: directory)
    }

    /// The rules for names, before anything is made that the service would not take, or that would not be found again.
    private func check(_ place: PropertyPlace, in directory: Node) throws(Errno) {
        try checkOwner(of: place, in: directory.inode)
        guard let words = Self.reason(against: place) else { return }
        throw refused(.invalidArgument, words, in: directory.inode)
    }

    private static func reason(against place: PropertyPlace) -> String? {
        place.fault.map { "property '\(place.path)' can't be made: \($0)" }
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
        try checkOwner(of: place, in: directory.inode)
        let wasEmptied = !isDirectory && supersede(place)
        return finishing("removing property '\(place.path)'", in: directory.inode) { [self] in
            guard let child = try await tree.child(named: name, of: directory) else {
                // One that was made and not written to is nowhere but in its handles.
                guard wasEmptied else { throw Errno.noSuchFileOrDirectory }
                return
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
