/// The JSON forms of files.
extension Model {
    /// A file in a list, where files of runs have no `IdAsLong`; `content` is a signed URL if the client asked for one.
    func compact(_ file: File, etag: String?, content: String? = nil) -> JSON {
        let number = file.isOfRun ? [] : [JSON.Member("IdAsLong", .integer(file.id))]
        return JSON.object(members(of: file, content: content)).appending(etagMember(etag) + number)
    }

    /// A file on its own: without `IdAsLong`, which the service sends in lists only.
    func full(_ file: File, etag: String?, content: String? = nil) -> JSON {
        let head: JSON = [
            "UploadStatus": .string(file.uploadStatus.rawValue),
            "Properties": propertyContainer(of: EntityID(.files, file.id)),
        ]
        let parts =
            file.uploadStatus == .pending ? [JSON.Member("HrefParts", .string("v1pre3/files/\(file.id)/parts"))] : []
        let parent: [JSON.Member] =
            switch file.container {
            case .sample(let id): samples[id].map { [JSON.Member("ParentSample", compact($0))] } ?? []
            case .appResult(let id): appResults[id].map { [JSON.Member("ParentAppResult", compact($0))] } ?? []
            case .run(let id): runs[id].map { [JSON.Member("ParentRun", compact($0))] } ?? []
            case .logs(let id): sessions[id].map { [JSON.Member("ParentAppSession", compact($0))] } ?? []
            }
        return head.appending(
            parts + members(of: file, content: content) + parent + indexLinks(of: file) + etagMember(etag)
        )
    }

    /// `HrefCoverage` of an indexed BAM file, `HrefVariants` of an indexed VCF file.
    private func indexLinks(of file: File) -> [JSON.Member] {
        guard index(of: file) != nil else { return [] }
        return file.name.lowercased().hasSuffix(".bam")
            ? [JSON.Member("HrefCoverage", .string("v1pre3/coverage/\(file.id)"))]
            : [JSON.Member("HrefVariants", .string("v1pre3/variantset/\(file.id)"))]
    }

    /// The file beside a BAM or VCF file that is its index.
    func index(of file: File) -> File? {
        let name = file.path.lowercased()
        let candidates: [String] =
            if name.hasSuffix(".bam") {
                [file.path + ".bai", file.path.dropLast(4) + ".bai", file.path + ".csi"]
            } else if name.hasSuffix(".vcf.gz") {
                [file.path + ".tbi", file.path + ".csi"]
            } else {
                []
            }
        return candidates.lazy.compactMap { completeFile(at: $0, in: file.container) }.first
    }

    private func members(of file: File, content: String?) -> [JSON.Member] {
        let href = "v1pre3/files/\(file.id)"
        let object: JSON = [
            "Id": text(file.id), "Href": .string(href), "HrefContent": .string(content ?? "\(href)/content"),
            "Name": .string(file.name), "ContentType": .string(file.contentType), "Size": .integer(file.size),
            "Path": .string(file.path), "IsArchived": .bool(file.isArchived), "DateCreated": dates(file.created),
            "DateModified": dates(file.modified),
        ]
        return object.members
    }

    private func etagMember(_ etag: String?) -> [JSON.Member] {
        etag.map { [JSON.Member("ETag", .string($0))] } ?? []
    }
}

extension File {
    var isOfRun: Bool {
        if case .run = container { true } else { false }
    }
}
