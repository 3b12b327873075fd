import HTTPTypes
import NIOPosix
import SystemPackage

/// The simulator's own paths on the API's listener, for tests in other processes and for people with curl. They need no
/// token, are never recorded and never disturbed.
///
/// | Request | Effect |
/// |---|---|
/// | GET /simulator/requests | the requests seen so far; tokens and signatures are left out |
/// | DELETE /simulator/requests | forgets them |
/// | POST /simulator/faults | replaces the faults by those of the JSON array in the body; `[]` clears them |
/// | GET /simulator/clock | the simulated time |
/// | POST /simulator/clock | `{"advanceSeconds": 259200}` moves it |
/// | GET /simulator/uploads | the files that clients have uploaded, with sizes, MD5s and local paths |
/// | GET /simulator/sessions | every AppSession with its status |
/// | POST /simulator/changes | adds, changes and removes what is on the service (see `change`) |
/// | POST /simulator/tokens | `{"token":"…","scopes":"browse global"}` accepts a token |
/// | DELETE /simulator/tokens | `{"token":"…"}` revokes it |
/// | GET /simulator/devices | the codes of the device flow |
/// | POST /simulator/devices | `{"answer":"grant","userCode":"…"}` answers as the user: pending, grant, deny, expire, slow; without a code to all, also those to come |
struct ControlRoutes: Sendable {
    static let prefix = "/simulator/"

    /// Changes may carry the contents of files.
    private static let bodyLimit = 64 << 20

    let services: Services

    func reply(to incoming: Incoming) async throws -> Reply {
        let name = incoming.path.dropFirst(Self.prefix.count)
        switch (incoming.method, name) {
        case ("GET", "requests"):
            return json(.array(services.log.requests.map(describe)))
        case ("DELETE", "requests"):
            services.log.reset()
            return json([:])
        case ("POST", "faults"):
            return try await setFaults(incoming)
        case ("GET", "clock"):
            return clock()
        case ("POST", "clock"):
            guard let seconds = try await body(incoming)?["advanceSeconds"]?.double else {
                throw APIError(.badRequest, "the body is {\"advanceSeconds\": <number>}")
            }
            services.clock.advance(by: .seconds(seconds))
            return clock()
        case ("GET", "uploads"):
            return try await uploads()
        case ("GET", "sessions"):
            return json(.array(services.withModel { model in model.sessions.all.map { model.compact($0) } }))
        case ("POST", "changes"):
            return json(try await change(incoming))
        case ("POST", "tokens"):
            return json(try await addToken(incoming))
        case ("DELETE", "tokens"):
            return json(try await revokeToken(incoming))
        case ("GET", "devices"):
            return json(devices())
        case ("POST", "devices"):
            return json(try await answerDevice(incoming))
        default:
            throw APIError.unrecognizedPath(incoming.path)
        }
    }

    private func setFaults(_ incoming: Incoming) async throws -> Reply {
        guard case .array(let elements)? = try await body(incoming) else {
            throw APIError(.badRequest, "the body is a JSON array of faults")
        }
        do throws(Fault.Malformed) {
            var faults: [Fault] = []
            for element in elements {
                faults.append(try Fault(element))
            }
            services.faults.set(faults)
        } catch {
            throw APIError(.badRequest, error.message)
        }
        return json(["Faults": .integer(Int64(elements.count))])
    }

    private func clock() -> Reply {
        json(["Now": .string(services.clock.now.iso8601)])
    }

    private func uploads() async throws -> Reply {
        let containers = services.withModel { model in model.appResults.all.map(\.id) }
        let files = try await services.pool.runIfActive { [services] in
            containers.flatMap { id in
                services.uploadedFiles(in: .appResult(id)).map { file -> JSON in
                    [
                        "AppResult": .string(String(id)), "Id": .string(file.id), "Path": .string(file.path),
                        "Size": .integer(file.size), "MD5": .string(file.md5), "ETag": .string(file.etag),
                        "ContentType": .string(file.contentType), "LocalPath": .string(file.localPath.string),
                    ]
                }
            }
        }
        return json(.array(files))
    }

    private func describe(_ request: RecordedRequest) -> JSON {
        let headers = request.headers.map { name, value in
            JSON.Member(name, .string(Self.secretHeaders.contains(name.lowercased()) ? "<hidden>" : value))
        }
        let query = request.query.split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return Self.secretParameters.contains(name.lowercased()) ? "\(name)=<hidden>" : String(pair)
        }
        return [
            "Listener": .string(request.listener.rawValue), "Method": .string(request.method),
            "Path": .string(request.path), "Query": .string(query.joined(separator: "&")), "Headers": .object(headers),
            "Status": request.status.map { .integer(Int64($0)) } ?? .null,
            "Range": request.range.map { .string($0) } ?? .null, "BytesSent": .integer(request.bytesSent),
            "BytesReceived": .integer(request.bytesReceived), "Started": .number(request.started),
            "Finished": request.finished.map { .number($0) } ?? .null,
        ]
    }

    private static let secretHeaders = ["authorization", "x-access-token"]
    private static let secretParameters = ["access_token", "signature"]

    func body(_ incoming: Incoming) async throws -> JSON? {
        JSON(parsing: try await incoming.body.bytes(limit: Self.bodyLimit))
    }

    private func json(_ value: JSON) -> Reply {
        let bytes = value.encoded
        var reply = Reply(status: .ok, body: .bytes(bytes))
        reply.set("Content-Type", "application/json")
        reply.fields[.contentLength] = String(bytes.count)
        return reply
    }
}
