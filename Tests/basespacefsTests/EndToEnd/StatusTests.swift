import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What a mount tells of itself")
    struct StatusTests {
        private static let size = 300_000
        private static let data = ["projects/P/samples/S/f": size]

        private func object(_ text: String) throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        /// What `status --json` says.
        private func status(_ mount: Mount) async throws -> [String: Any] {
            let result = try await mount.account.program(["status", "--json", mount.path.string])
            try #require(result.status == 0, "\(result.errors)")
            #expect(result.lines.count == 1)
            return try object(result.output)
        }

        private func part(_ name: String, of object: [String: Any]) throws -> [String: Any] {
            try #require(object[name] as? [String: Any], "\(name)")
        }

        @Test("status.json, and so status --json, counts what was read and says whose mount it is")
        func reading() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null; cat Projects/none; true")
                try await eventually("there is a rate") {
                    (try self.part("read", of: try await self.status(mount))["rate"] as? Double ?? 0) > 0
                }
                let status = try await status(mount)
                let account = try part("account", of: status)
                #expect(account["name"] is String && account["id"] is String)
                #expect(status["server"] as? String == mount.account.simulator.apiURL)
                #expect(status["mountPoint"] as? String == mount.path.string)
                #expect(status["pid"] as? Int32 == mount.account.daemons.first)
                #expect(status["version"] is String && status["started"] is String && status["uptime"] is Int)
                let read = try part("read", of: status)
                #expect(read["bytes"] as? Int ?? 0 >= Self.size)
                #expect(read["fetchedBytes"] as? Int ?? 0 >= Self.size)
                let service = try part("service", of: status)
                #expect(service["calls"] as? Int ?? 0 > 2)
                #expect(service["errors"] as? Int == 0)
                let cache = try part("cache", of: status)
                #expect(cache["bytes"] is Int && cache["limit"] is Int && cache["hits"] is Int)
                let uploads = try part("uploads", of: status)
                #expect(uploads["backlogFiles"] as? Int == 0)
                #expect((status["sessions"] as? [Any])?.isEmpty == true)
                #expect(status["warnings"] as? [String] == [])
                // The kernel asks anew after a second.
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                let file = try await mount.output("cat .basespacefs/status.json")
                #expect(try Set(object(file).keys) == Set(status.keys))
            }
        }

        @Test("metrics keep to Prometheus's format and count the same")
        func metrics() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                let metrics = try MetricsText(try await mount.output("cat .basespacefs/metrics"))
                let sources = ["memory", "cache", "server"].compactMap {
                    metrics.samples[#"basespacefs_read_bytes_total{source="\#($0)"}"#]
                }
                #expect(sources.count == 3)
                #expect(sources.reduce(0, +) >= Double(Self.size))
                #expect(metrics.samples[#"basespacefs_operations_total{operation="lookup"}"#] ?? 0 >= 5)
                #expect(metrics.samples[#"basespacefs_api_calls_total{client="api",outcome="success"}"#] ?? 0 >= 3)
                #expect(metrics.samples["basespacefs_uploads_under_way"] == 0)
            }
        }

        @Test("config.json has the options, and no file or output has the token")
        func secrets() async throws {
            try await Mount.using(.random(Self.data), options: "--metadata-ttl", "7", "--read-only") { mount in
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                let configuration = try object(try await mount.output("cat .basespacefs/config.json"))
                #expect(configuration["metadataTTL"] as? Int == 7)
                #expect(configuration["readOnly"] as? Bool == true)
                #expect(configuration["uploadPolicy"] as? String == "close")
                let names = try await mount.output("ls .basespacefs").split(separator: "\n").map { String($0) }
                #expect(names == ["config.json", "metrics", "status.json", "uploads.json", "user.json"])
                let texts = try await mount.output("cat .basespacefs/*")
                let shown = try await mount.account.program(["status", mount.path.string]).output
                for text in [texts, shown] {
                    #expect(!text.contains(Account.token))
                    #expect(!text.contains("Signature="), "a signed URL is a secret too")
                }
            }
        }

        @Test("user.json says whose token it is and what it may do, in whoami's words, and asks nobody for that")
        func user() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let told = try object(try await account.program(["whoami", "--json"] + account.credentials).output)
                account.simulator.resetRequests()
                let user = try object(try await mount.output("cat .basespacefs/user.json"))
                let asked = account.simulator.requests.map(\.path)
                #expect(!asked.contains { $0.hasSuffix("/current") }, "\(asked)")
                #expect(user as NSDictionary == told as NSDictionary)
                #expect(user["id"] is String && user["name"] is String && user["email"] is String)
                #expect(user["server"] as? String == account.simulator.apiURL)
                #expect((user["scopes"] as? [String])?.contains("WRITE GLOBAL") == true)
            }
        }

        @Test("Scopes that the service did not tell are missing in user.json, and asked for at the next look")
        func unknownScopes() async throws {
            let fault = Fault(.status(403), on: .init(path: "*/token/current"))
            try await Mount.using(.random(Self.data), configure: { $0.faults = [fault] }) { mount in
                let user = try object(try await mount.output("cat .basespacefs/user.json"))
                #expect(user["id"] is String && user["scopes"] == nil)
                mount.account.simulator.setFaults([])
                try await eventually("they are there") {
                    try await mount.run("jq -e .scopes .basespacefs/user.json").status == 0
                }
            }
        }

        @Test("The files can't be written, and are in no listing")
        func readOnly() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                try await mount.expect("echo x > .basespacefs/metrics", failsWith: "Permission denied")
                #expect(try await mount.output("ls -a").contains("basespacefs") == false)
            }
        }

        @Test("An upload on its way is shown with what is left, in all the files, and counted when it is done")
        func uploads() async throws {
            try await Mount.using(
                .random(["projects/P/samples/S/x": 1]),
                options: "--upload-part-size",
                "5M",
                "--upload-policy",
                "background"
            ) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([Fault(.hang, on: .init(method: "PUT", path: "*/parts/2"))])
                try await result.output("head -c 12000000 /dev/urandom > $WORK/f && mkdir d && cp $WORK/f d/f")
                try await eventually("the other parts have arrived") { account.acceptedParts.count == 2 }
                try await eventually("it is shown") {
                    let uploads = try self.part("uploads", of: try await self.status(mount))
                    let active = try #require(uploads["active"] as? [[String: Any]]).first
                    return active?["sent"] as? Int == 12_000_000 - (5 << 20)
                }
                let status = try await status(mount)
                let uploads = try part("uploads", of: status)
                #expect(uploads["backlogFiles"] as? Int == 1)
                #expect(uploads["backlogBytes"] as? Int == 5 << 20)
                let active = try #require((uploads["active"] as? [[String: Any]])?.first)
                #expect(active["path"] as? String == "d/f")
                #expect(active["container"] as? String == "AppResult \(result.id)")
                #expect(active["total"] as? Int == 12_000_000)
                let session = try #require((status["sessions"] as? [[String: Any]])?.first)
                #expect(session["container"] as? String == "AppResult \(result.id)")
                #expect(session["status"] as? String == "Running")
                #expect(session["warning"] == nil)

                let listed = try object(try await account.program(["uploads", "list", "--json"]).output)
                let told = try object(try await mount.output("cat .basespacefs/uploads.json"))
                #expect(listed as NSDictionary == told as NSDictionary)
                #expect((told["uploads"] as? [[String: Any]])?.first?["path"] as? String == "d/f")
                let text = try await account.program(["status", mount.path.string]).output
                #expect(text.contains("AppResult \(result.id): d/f"))

                account.simulator.setFaults([])
                try await eventually("it is done") {
                    let uploads = try self.part("uploads", of: try await self.status(mount))
                    return uploads["done"] as? Int == 1 && uploads["backlogFiles"] as? Int == 0
                }
            }
        }

        @Test("A session that nears 72 hours of Running is a warning", arguments: [66, 73])
        func oldSession(hours: Int) async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let simulator = mount.account.simulator
                simulator.advanceClock(by: .seconds(-hours * 3600))
                let result = try await mount.makeAppResult()
                simulator.advanceClock(by: .seconds(hours * 3600))
                try await result.output("echo words > f")
                let status = try await status(mount)
                let session = try #require((status["sessions"] as? [[String: Any]])?.first)
                #expect((session["ageHours"] as? Double).map { Int($0.rounded()) } == hours)
                let warnings = try #require(status["warnings"] as? [String])
                #expect(warnings == [session["warning"] as? String])
                #expect(warnings.first?.contains("\(hours) hours") == true)
                #expect(warnings.first?.contains("TimedOut") == true)
                let text = try await mount.account.program(["status", mount.path.string])
                #expect(text.status == 0)
                #expect(text.output.contains("\nWarning: AppResult \(result.id)"))
                let list = try await mount.account.program(["status"])
                #expect(list.lines.contains { $0.hasPrefix("\(mount.path) ") && $0.hasSuffix(", 1 warning") })

                // One that has ended needs no attention.
                try await mount.output("echo complete > '\(result.path)/Status'")
                try await eventually("it is told no more") {
                    (try await self.status(mount)["sessions"] as? [Any])?.isEmpty == true
                }
            }
        }
    }
}
