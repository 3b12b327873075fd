extension API {
    static let searchRoutes = [Version.v1, .v2].map { version in
        Route("GET", "search", version: version) { api, request in api.search(request) }
    }

    /// Searches names for words, and fields for values. As on the live service, hits may be more than what was meant:
    /// clients have to look themselves.
    private func search(_ request: APIRequest) -> Reply {
        let page = Page(request.parameters, sortKeys: ["Score"])
        let query = SearchQuery(request.parameters["Query"] ?? "")
        let scopes = request.parameters.list("Scope")?.map { $0.lowercased() }
        let (items, total) = services.withModel { model in
            let hits = model.search(query, scopes: scopes).filter { hit in
                request.browsesAll || hit.entity.map { request.may(.browse, model.lineage(of: $0)) } ?? true
            }
            return (page.slice(of: hits).compactMap { model.form(of: $0) }, hits.count)
        }
        return Envelope.list(items, total: total, page: page, for: request, services: services)
    }
}

/// A query in the style of Lucene: words and `field:"value"`, all of which have to match. `AND` means nothing more; other
/// operators are not understood.
struct SearchQuery {
    /// Lower case; without a field any may match.
    let terms: [(field: String?, value: String)]

    init(_ text: String) {
        var terms: [(String?, String)] = []
        var field: String?
        var word = ""
        var isQuoted = false
        func end() -> (String?, String)? {
            defer {
                word = ""
                field = nil
            }
            let value = word.lowercased()
            return value.isEmpty || value == "*" || (field == nil && value == "and") ? nil : (field, value)
        }
        for character in text {
            switch character {
            case "\"":
                isQuoted.toggle()
            case ":" where !isQuoted && field == nil && !word.isEmpty:
                field = word.lowercased()
                word = ""
            case " ", "(", ")":
                if isQuoted { word.append(character) } else if let term = end() { terms.append(term) }
            default:
                word.append(character)
            }
        }
        if let term = end() { terms.append(term) }
        self.terms = terms
    }

    /// Whether all terms are in the fields of something; the names of fields in lower case.
    func matches(_ fields: [(name: String, value: String)]) -> Bool {
        terms.allSatisfy { term in
            fields.contains { field in
                guard let wanted = term.field else { return field.value.lowercased().contains(term.value) }
                return (field.name == wanted || field.name.hasSuffix(".\(wanted)"))
                    && (field.name.hasSuffix("id")
                        ? field.value == term.value : field.value.lowercased().contains(term.value))
            }
        }
    }
}

/// Something that a search has found.
enum SearchHit {
    case genome(Genome)
    /// The type is that of the scope without its plural: `sample_file`.
    case entity(EntityID, type: String)

    var entity: EntityID? {
        if case .entity(let entity, _) = self { entity } else { nil }
    }
}

extension Model {
    /// What a query finds in some scopes, in all of them without any.
    func search(_ query: SearchQuery, scopes: [String]?) -> [SearchHit] {
        func isWanted(_ scope: String) -> Bool { scopes?.contains(scope) ?? true }
        var hits: [SearchHit] = []
        func add(_ entity: EntityID, _ type: String, _ fields: [(name: String, value: String)]) {
            if query.matches(fields + [("id", String(entity.id))]) { hits.append(.entity(entity, type: type)) }
        }
        if isWanted("runs") {
            for run in runs.all {
                add(
                    EntityID(.runs, run.id),
                    "run",
                    [("run.name", run.name), ("run.experimentname", run.experimentName)]
                )
            }
        }
        if isWanted("projects") {
            for project in projects.all {
                add(EntityID(.projects, project.id), "project", [("project.name", project.name)])
            }
        }
        if isWanted("genomes") {
            hits += Genome.all.filter {
                query.matches([("genome.displayname", $0.name), ("id", String($0.id))])
            }.map { .genome($0) }
        }
        if isWanted("samples") {
            for sample in samples.all {
                add(
                    EntityID(.samples, sample.id),
                    "sample",
                    [
                        ("sample.name", sample.name), ("sample.experimentname", sample.experimentName),
                        ("project.name", projects[sample.project]?.name ?? ""),
                    ]
                )
            }
        }
        if isWanted("appresults") {
            for appResult in appResults.all {
                let project = projects[appResult.project]?.name ?? ""
                add(
                    EntityID(.appResults, appResult.id),
                    "appresult",
                    [("appresult.name", appResult.name), ("project.name", project)]
                )
            }
        }
        let containers =
            (isWanted("sample_files") ? samples.ids.map { ContainerID.sample($0) } : [])
            + (isWanted("appresult_files") ? appResults.ids.map { ContainerID.appResult($0) } : [])
        for container in containers {
            for file in completeFiles(of: container) {
                add(
                    EntityID(.files, file.id),
                    "\(container.entity.kind.type)_file",
                    [("file.name", file.name), ("file.path", file.path)]
                )
            }
        }
        return hits
    }

    /// `{"Type":"project","Project":{…}}`.
    func form(of hit: SearchHit) -> JSON? {
        switch hit {
        case .genome(let genome):
            return ["Type": "genome", "Genome": genome.compact]
        case .entity(let entity, let type):
            return compact(entity).map { ["Type": .string(type), entity.kind.word: $0] }
        }
    }
}
