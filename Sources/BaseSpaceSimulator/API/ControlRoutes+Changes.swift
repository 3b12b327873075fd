import FoundationEssentials
import HTTPTypes
import NIOPosix
import SystemPackage

/// Changes of what is on the service, as JSON. Each is an object with one of three verbs:
///
/// | Verb | Members |
/// |---|---|
/// | `"add":"project"` | `name`, `description` |
/// | `"add":"sample"`, `"add":"appresult"` | `name`, `to` (`projects/1`), perhaps `session` (`appsessions/1`) |
/// | `"add":"session"` | `name`, perhaps `status`, `application` (an id) |
/// | `"add":"run"` | `name`, perhaps `experimentName`, `status` |
/// | `"add":"application"` | `name` |
/// | `"add":"file"` | `to`, `path`, and `text`, `base64`, `local` (a path) or `size` (zeros); `count` of them, `#` in the path being the number |
/// | `"set":"runs/1"` | any of `name`, `status`, `statusSummary`, `properties`, `archived`, and a content as of `add` |
/// | `"remove":"runs/1"` | |
extension ControlRoutes {
    /// Makes the changes in their order; the answer has the id and the link of each thing that was added or changed.
    func change(_ incoming: Incoming) async throws -> JSON {
        let body = try await body(incoming)
        let changes: [JSON] =
            switch body {
            case .array(let elements)?: elements
            case .object?: [body ?? .null]
            default: throw APIError(.badRequest, "the body is a JSON object or an array of them")
            }
        // Contents are written to disk, which no event loop waits for.
        return try await services.pool.runIfActive { [self] in
            do {
                return .array(try changes.map { try make($0) })
            } catch let error as Simulator.Misuse {
                throw APIError(.badRequest, error.description)
            }
        }
    }

    private func make(_ change: JSON) throws -> JSON {
        if let kind = change["add"]?.text { return try add(kind, change) }
        if let target = change["set"]?.text { return describe(try set(try reference(target), change)) }
        if let target = change["remove"]?.text {
            let entity = try reference(target)
            try services.vanish(entity)
            return describe(entity)
        }
        throw APIError(.badRequest, "a change has one of the members add, set and remove")
    }

    private func add(_ kind: String, _ change: JSON) throws -> JSON {
        if kind == "file" { return try addFiles(change) }
        let name = try text("name", change)
        switch kind {
        case "project":
            return describe(services.addProject(named: name, description: change["description"]?.text ?? ""))
        case "sample", "appresult":
            let entity = try services.addContainer(
                kind == "sample" ? .samples : .appResults,
                named: name,
                project: try reference(try text("to", change)),
                session: try change["session"]?.text.map { try reference($0) }
            )
            return describe(entity)
        case "session":
            let entity = try services.addSession(
                named: name,
                status: change["status"]?.text ?? "Running",
                application: change["application"]?.text.flatMap { Int64($0) }
            )
            return describe(entity)
        case "run":
            let entity = try services.addRun(
                named: name,
                experiment: change["experimentName"]?.text,
                status: change["status"]?.text ?? "Complete"
            )
            return describe(entity)
        case "application":
            let id = services.addApplication(named: name)
            return ["Id": .string(String(id)), "Href": .string("v1pre3/applications/\(id)")]
        default:
            throw APIError(
                .badRequest,
                "add is project, sample, appresult, session, run, application or file, not \(kind)"
            )
        }
    }

    private func addFiles(_ change: JSON) throws -> JSON {
        let path = try text("path", change)
        guard let content = try content(change) else {
            throw APIError(.badRequest, "a file needs text, base64, local or size")
        }
        let count = change["count"]?.double.map { Int($0) }
        let paths = count.map { count in (1...max(1, count)).map { path.replacing("#", with: String($0)) } } ?? [path]
        let files = try services.addFiles(paths, content, to: try reference(try text("to", change)))
        guard let first = files.first else { throw APIError(.badRequest, "no file was made") }
        return describe(first)
    }

    private func set(_ entity: EntityID, _ change: JSON) throws -> EntityID {
        if let name = change["name"]?.text { try services.rename(entity, to: name) }
        if let status = change["status"]?.text {
            try services.setStatus(status, summary: change["statusSummary"]?.text, of: entity)
        }
        if let properties = change["properties"] { try services.setProperties(properties, on: entity) }
        if case .bool(let isArchived)? = change["archived"] { try services.setArchived(isArchived, entity) }
        if let content = try content(change) { try services.replaceContent(of: entity, by: content) }
        return entity
    }

    private func content(_ change: JSON) throws -> Simulator.Content? {
        if let text = change["text"]?.text { return .bytes(Array(text.utf8)) }
        if let text = change["base64"]?.text {
            guard let data = Data(base64Encoded: text) else { throw APIError(.badRequest, "base64 is not valid") }
            return .bytes(Array(data))
        }
        if let path = change["local"]?.text { return .local(FilePath(path)) }
        return change["size"]?.double.map { .zeros(Int64($0)) }
    }

    private func text(_ member: String, _ change: JSON) throws -> String {
        guard let value = change[member]?.text else {
            throw APIError(.badRequest, "the change needs a string \(member)")
        }
        return value
    }

    private func reference(_ text: String) throws -> EntityID {
        guard let entity = EntityID(href: text.contains("/") ? text : "") else {
            throw APIError(.badRequest, "\(text) is no link such as runs/1")
        }
        return entity
    }

    private func describe(_ entity: EntityID) -> JSON {
        ["Id": .string(String(entity.id)), "Href": .string(entity.href)]
    }

    // MARK: Access

    /// `{"token":"…","scopes":"browse global, read project 1"}`
    func addToken(_ incoming: Incoming) async throws -> JSON {
        let body = try await body(incoming)
        guard let token = body?["token"]?.text, let scopes = body?["scopes"]?.text else {
            throw APIError(.badRequest, "the body is {\"token\":…,\"scopes\":…}")
        }
        if let unknown = Simulator.Grant.unknownScope(in: scopes) {
            throw APIError(.badRequest, "\(unknown) is no scope")
        }
        services.tokens.add(token, Simulator.Grant(scopes: scopes), now: services.clock.now)
        return [:]
    }

    /// `{"token":"…"}`
    func revokeToken(_ incoming: Incoming) async throws -> JSON {
        guard let token = try await body(incoming)?["token"]?.text, services.tokens.revoke(token) else {
            throw APIError(.badRequest, "the body is {\"token\":…} with a token that is accepted")
        }
        return [:]
    }

    /// The codes that wait for users, without the clients' secrets.
    func devices() -> JSON {
        .array(
            services.devices.devices.map { device in
                [
                    "UserCode": .string(device.userCode), "Scopes": .string(device.scopes),
                    "Answer": .string(device.answer.rawValue), "IsUsed": .bool(device.isUsed),
                    "Expires": .string(device.expires.iso8601),
                ]
            }
        )
    }

    /// `{"answer":"grant","userCode":"Ab1cd"}`; without a code it is the answer to all.
    func answerDevice(_ incoming: Incoming) async throws -> JSON {
        let body = try await body(incoming)
        guard let answer = body?["answer"]?.text.flatMap({ Simulator.DeviceAnswer(rawValue: $0) }) else {
            throw APIError(.badRequest, "answer is pending, grant, deny, expire or slow")
        }
        guard services.devices.answer(answer, userCode: body?["userCode"]?.text) else {
            throw APIError(.badRequest, "there is no such userCode")
        }
        return devices()
    }
}
