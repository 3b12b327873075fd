import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What others do at the service")
    struct FreshnessTests {
        private static let data = ["projects/P/samples/S/f": 10]

        @Test("Projects, AppResults and files that others add appear when the listing's time is over")
        func additions() async throws {
            try await Mount.using(.random(Self.data), options: "--metadata-ttl", "1") { mount in
                let service = ServiceClient(mount.account.simulator)
                let result = try await mount.makeAppResult()
                try await mount.output(
                    "ls Projects Projects/P/AppResults '\(result.files)'; ! test -e '\(result.files)/new'"
                )

                await service.upload(Array("words".utf8), named: "new", toAppResult: result.id)
                await service.call("POST", "projects", body: Array(#"{"Name":"Theirs"}"#.utf8))
                try await eventually("the file and the project are listed") {
                    try await mount.output("ls Projects '\(result.files)'").split(separator: "\n").filter {
                        ["new", "Theirs"].contains($0)
                    }.count == 2
                }
                #expect(try await mount.output("cat '\(result.files)/new'") == "words")

                // The name was looked for in vain before it was there.
                try await mount.output("! test -e '\(result.files)/later'")
                await service.upload(Array("more".utf8), named: "later", toAppResult: result.id)
                try await eventually("the file is found by its name") {
                    try await mount.run("cat '\(result.files)/later'").output == "more"
                }
            }
        }

        @Test("A state that others set is seen within seconds, and what it forbids is refused")
        func status() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let service = ServiceClient(mount.account.simulator)
                let result = try await mount.makeAppResult()
                #expect(try await mount.output("cat '\(result.path)/Status'") == "Running\n")
                await service.set("needsattention", ofSession: try await result.session().id)
                try await eventually("NeedsAttention is seen") {
                    try await mount.output("cat '\(result.path)/Status'") == "NeedsAttention\n"
                }
                await service.set("complete", ofSession: try await result.session().id)
                try await eventually("Complete is seen") {
                    try await mount.output("cat '\(result.path)/Status'") == "Complete\n"
                }
                try await mount.expect("echo x > '\(result.files)/f'", failsWith: "Read-only file system")
            }
        }

        @Test("Who reads on in a directory that was listed anew meanwhile brings back nothing that is gone")
        func olderSnapshot() async throws {
            try await WholeAccount.using { whole in
                try await whole.mount.output(
                    """
                    python3 - "$1" "$2" <<'END'
                    import json, os, sys, urllib.request
                    api, id = sys.argv[1:]
                    results = "Projects/Trio/AppResults"
                    directory = os.open(results, os.O_RDONLY)
                    change = json.dumps({"remove": "appresults/" + id}).encode()
                    urllib.request.urlopen(urllib.request.Request(api + "/simulator/changes", change)).read()
                    with open(results + "/.commands", "w") as commands: commands.write("refresh")
                    assert os.listdir(directory) == ["Calls"], "a moment of the past"
                    assert not os.path.exists(results + "/Calls")
                    END
                    """,
                    whole.simulator.apiURL,
                    whole.appResult.id
                )
            }
        }

        @Test("While the service is away old listings serve, and cached files read on")
        func away() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let look =
                    "ls -l Projects Projects/P/Samples Projects/P/Samples/S/Files;"
                    + " cat Projects/P/.json Projects/P/Samples/S/SampleProperties;"
                    + " md5sum Projects/P/Samples/S/Files/f"
                let before = try await mount.output(look)
                await mount.account.simulator.stop()
                // Old by now, as after a minute. Only the first directory waits for the service in vain, not each of them.
                try await mount.output("echo refresh > .commands")
                #expect(try await mount.output(look) == before)
                let status = try await mount.output("cat .basespacefs/status.json")
                #expect(status.contains("the service has not answered for "))
                #expect(try await mount.unmount().status == 0)
            }
        }
    }
}
