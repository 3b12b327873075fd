import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The token")
    struct SecretTests {
        @Test("goes to the API and nowhere else: no object store, no log, no process list, no cache, no core dump")
        func staysHidden() async throws {
            try await Mount.using { mount in
                let account = mount.account
                let project = "Lambda phage: resequencing"
                try await mount.output("cat \"Projects/$1\"/*/*/Files/* > /dev/null 2>&1; true", project)
                let result = try await mount.makeAppResult("R", in: project)
                try await result.output("head -c 9000000 /dev/urandom > f && cmp -n 100 f f")
                _ = try await mount.run("echo nonsense > '\(result.path)/Status'; cat Projects/none")
                account.simulator.setFaults([.init(.status(401), on: .init(listener: .api, count: 3))])
                _ = try await mount.run("cat '\(result.path)/Status'; mkdir Projects/refused")
                account.simulator.setFaults([.init(.status(403), on: .init(listener: .objectStore, count: 1))])
                _ = try await mount.run("cat '\(result.files)/f' > /dev/null")

                let objectStore = account.simulator.requests.filter { $0.listener == .objectStore }
                #expect(objectStore.count > 5)
                for request in objectStore {
                    let texts = [request.path, request.query] + request.headers.flatMap { [$0.name, $0.value] }
                    #expect(!texts.contains { $0.contains(Account.token) })
                    #expect(!texts.contains { $0.lowercased().contains("x-access-token") })
                }
                for request in account.simulator.requests where request.listener == .api {
                    #expect(!request.query.contains(Account.token), "tokens in URLs end in the logs of proxies")
                }

                let log = try String(contentsOfFile: account.logFile.string, encoding: .utf8)
                #expect(log.contains("debug"))
                #expect(!log.contains(Account.token))
                #expect(!log.contains("Signature="), "a signed URL is a secret too")

                #expect(!account.processes.contains { $0.mentions(Account.token) })
                let files = try await Shell.run(["grep", "-rlaF", Account.token, account.home.path.string])
                #expect(files.lines == [account.home.file("token").string])

                let daemon = try #require(account.daemons.first)
                let limits = try String(contentsOfFile: "/proc/\(daemon)/limits", encoding: .utf8)
                let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
                #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
            }
        }

        @Test("is not written by any command that fails")
        func refusals() async throws {
            try await Account.using { account in
                account.simulator.setFaults([.init(.status(401), on: .init(listener: .api))])
                let mountPoint = try account.makeMountPoint()
                for arguments in [["mount", mountPoint.string], ["whoami"], ["exec"]] {
                    let command = arguments == ["exec"] ? ["--", "true"] : []
                    let result = try await account.program(
                        arguments.prefix(1) + account.credentials + arguments.dropFirst() + command
                    )
                    #expect(result.status != 0)
                    #expect(!(result.errors + result.output).contains(Account.token))
                }
            }
        }
    }
}
