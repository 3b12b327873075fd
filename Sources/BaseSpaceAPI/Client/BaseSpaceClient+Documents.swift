internal import FoundationEssentials

/// What is shown to people and their scripts as the service says it.
extension BaseSpaceClient {
    /// A whole collection as the service describes it, in the shape of one page: `Items` has the items of all pages, the
    /// counts say so. `jq` then finds everything in one file, as it did in BaseMount's.
    ///
    /// - Parameter href: The collection's link, with a query if it takes one.
    public func collectionJSON(_ href: String) async throws(BaseSpaceError) -> [UInt8] {
        let separator = href.contains("?") ? "&" : "?"
        var items: [JSONValue] = []
        while true {
            let bytes = try await entityJSON("\(href)\(separator)Offset=\(items.count)&Limit=\(Self.documentPage)")
            let page: JSONValue
            do {
                page = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            } catch {
                throw BaseSpaceError(error, endpoint: "GET \(href)")
            }
            guard let list = page.items else { throw .undecodable("GET \(href)") }
            items += list
            let isLast = list.isEmpty || page.totalCount.map { items.count >= $0 } ?? (list.count < Self.documentPage)
            guard isLast else { continue }
            return Array((page.replacing(items: items).text ?? "").utf8)
        }
    }

    private static let documentPage = 1000

    /// A genome in full.
    public func genome(_ id: EntityID) async throws(BaseSpaceError) -> Genome {
        try await value(.get(EntityKind.genome.segments(id)))
    }

    /// Whose file it is: of the `Parent…` fields that the full form has, the one that says most. (SDK)
    ///
    /// - Returns: `nil` where there is none, which was seen live.
    public func container(ofFile id: EntityID) async throws(BaseSpaceError) -> FileContainer? {
        let owner: FileOwner = try await value(.get(EntityKind.file.segments(id)))
        return owner.container
    }

    /// What an AppSession was launched with, as the body of another launch: its name, and the properties that were its
    /// input. Its summary is of its own run. (Illumina's documentation of the payload; the choice of properties is ours)
    public func launchPayload(of id: EntityID) async throws(BaseSpaceError) -> [UInt8] {
        let session = try await appSession(id)
        let owner = PropertyOwner(.appSession, id)
        var inputs: [JSONObject] = []
        for property in try await properties(of: owner) where property.name.lowercased().hasPrefix("input.") {
            let whole = property.isCut ? try await complete(property, of: owner) : property
            whole.value.object(name: whole.name, description: whole.description).map { inputs.append($0) }
        }
        var payload = JSONObject(["Name": session.name, "StatusSummary": ""])
        payload.add("AutoStart", .boolean(true))
        payload.add("Properties", .objects(inputs))
        return payload.bytes + [UInt8(ascii: "\n")]
    }
}

/// Who a file belongs to.
struct FileOwner: Decodable, Sendable {
    let container: FileContainer?

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        func parent(_ key: Fields.Key) -> EntityID? { try? fields.nested(key)?.id() }
        container =
            parent("ParentAppResult").map { .appResult($0) } ?? parent("ParentSample").map { .sample($0) }
            ?? parent("ParentRun").map { .run($0) } ?? parent("ParentDataset").map { .dataset($0) }
    }
}

extension JSONValue {
    /// The items of a page, in v1's envelope or v2's form without one.
    fileprivate var items: [JSONValue]? {
        guard case .array(let items)? = body["Items"] else { return nil }
        return items
    }

    fileprivate var totalCount: Int? {
        let paging: [String: JSONValue] = if case .object(let paging)? = body["Paging"] { paging } else { body }
        guard case .integer(let count)? = paging["TotalCount"] else { return nil }
        return Int(exactly: count)
    }

    private var body: [String: JSONValue] {
        guard case .object(let object) = self else { return [:] }
        if case .object(let response)? = object["Response"] { return response }
        return object
    }

    /// The page with other items, and with counts to match.
    fileprivate func replacing(items: [JSONValue]) -> JSONValue {
        var page = body
        page["Items"] = .array(items)
        let count = JSONValue.integer(Int64(items.count))
        let counts = ["DisplayedCount": count, "TotalCount": count, "Limit": count, "Offset": .integer(0)]
        if case .object(let paging)? = page["Paging"] {
            page["Paging"] = .object(paging.merging(counts) { $1 })
        } else {
            page.merge(counts) { $1 }
        }
        guard case .object(var object) = self, object["Response"] != nil else { return .object(page) }
        object["Response"] = .object(page)
        return .object(object)
    }
}
