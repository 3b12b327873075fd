import BaseSpaceAPI

/// Whether there is a token, and where.
struct CredentialsCheck: Check {
    static let name = "credentials"
    private let service: DoctorService

    init(_ service: DoctorService) {
        self.service = service
    }

    func run() -> Finding {
        do throws(CommandFailure) {
            let credentials = try service.credentials.get()
            return ok(
                "the token from \(credentials.tokenOrigin), for \(credentials.server) (\(credentials.serverOrigin))"
            )
        } catch {
            return failure(error.message, nil)
        }
    }
}

/// Whether the server takes the token.
struct TokenCheck: Check {
    static let name = "token"
    private let service: DoctorService

    init(_ service: DoctorService) {
        self.service = service
    }

    func run() -> Finding {
        guard let credentials = try? service.credentials.get() else {
            return warning("not tried, since there is none", nil)
        }
        guard (try? service.answers.get()) != nil else {
            return warning("not tried, since the server can't be reached", nil)
        }
        do throws(BaseSpaceError) {
            let user = try service.user(credentials).get()
            return ok("it is \(user.name)'s (user \(user.id))")
        } catch {
            switch error.status {
            case 401:
                return failure(
                    "\(credentials.server) does not accept the token from \(credentials.tokenOrigin)",
                    "is it of this region, and not revoked? Log in again"
                )
            case 403:
                return failure(
                    "the token from \(credentials.tokenOrigin) may not even tell whose it is",
                    "log in again, with the right to browse"
                )
            default:
                return failure("\(credentials.server) does not answer as BaseSpace does", "\(error)")
            }
        }
    }
}

/// Whether the token may do what a mount does.
struct ScopesCheck: Check {
    static let name = "scopes"
    private let service: DoctorService

    init(_ service: DoctorService) {
        self.service = service
    }

    func run() -> Finding {
        guard let credentials = try? service.credentials.get(), (try? service.answers.get()) != nil,
            (try? service.user(credentials).get()) != nil
        else { return warning("not known, since there is no token that the server takes", nil) }
        do throws(BaseSpaceError) {
            return finding(for: try service.tokenInfo(credentials).get().scopes)
        } catch {
            return warning("not known", "\(error)")
        }
    }

    /// What scopes allow: `BROWSE GLOBAL`, `READ PROJECT 12`, `CREATE PROJECTS`, in any case. Who writes also reads, and
    /// who reads also browses.
    func finding(for scopes: [String]) -> Finding {
        let words = scopes.map { $0.lowercased().split(separator: " ").map(String.init) }
        func all(_ verbs: String...) -> Bool {
            words.contains { $0.count == 2 && verbs.contains($0[0]) && $0[1] == "global" }
        }
        func some(_ verbs: String...) -> Bool { words.contains { $0.count == 3 && verbs.contains($0[0]) } }
        let advice = "log in again with more rights, as `browse global, read global`"
        guard all("browse", "read", "write") || some("browse", "read", "write") else {
            return failure("nothing can be listed (\(Self.list(scopes)))", advice)
        }
        guard all("read", "write") || some("read", "write") else {
            return failure("files can be listed, and none can be read (\(Self.list(scopes)))", advice)
        }
        let isNarrow = !all("read", "write") || !all("browse", "read", "write")
        guard !isNarrow else {
            return warning("only some entities can be read (\(Self.list(scopes)))", advice)
        }
        let canCreate = all("write", "create") || some("write", "create") || words.contains(["create", "projects"])
        guard canCreate else {
            return warning(
                "all can be read, and nothing written (\(Self.list(scopes)))",
                "for uploads log in again with `create global` or `write global`; otherwise mount with --read-only"
            )
        }
        return ok("reading and uploads (\(Self.list(scopes)))")
    }

    private static func list(_ scopes: [String]) -> String {
        scopes.isEmpty ? "no scopes" : scopes.map { $0.lowercased() }.joined(separator: ", ")
    }
}
