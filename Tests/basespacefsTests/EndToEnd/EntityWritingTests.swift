import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Making entities and moving them to the trash")
    struct EntityWritingTests {
        private static let places = [
            WholeAccount.sample, WholeAccount.appResult, "AppSessions/Analysis", "'Runs/Exp 1'", WholeAccount.project,
        ]

        private func trash(_ whole: WholeAccount) async throws -> String {
            try await whole.mount.output(
                """
                curl -sS -H "x-access-token: $(cat $HOME/token)" "$1/v2/trash?limit=100" |
                    jq '.Items | length'
                """,
                whole.simulator.apiURL
            )
        }

        @Test("Without --allow-delete nothing goes to the trash: EPERM")
        func trashNotAllowed() async throws {
            try await WholeAccount.using { whole in
                whole.simulator.resetRequests()
                for place in Self.places {
                    for change in ["rmdir \(place)", "echo move-to-trash > \(place)/.commands"] {
                        try await whole.mount.expect(change, failsWith: "Operation not permitted")
                    }
                }
                #expect(!whole.simulator.requests.contains { !["GET", "HEAD"].contains($0.method) })
                #expect(try await whole.mount.output("cat Projects/Trio/Samples/.error").contains("--allow-delete"))
            }
        }

        @Test("With --allow-delete rmdir and move-to-trash move an entity to the trash, and what has none stays")
        func trashAllowed() async throws {
            try await WholeAccount.using(options: { _ in ["--allow-delete"] }) { whole in
                let mount = whole.mount
                for place in ["Genomes/Phi*", "BioSamples/S1", "Projects/Trio/Datasets/S1"] {
                    try await mount.expect("rmdir \(place)", failsWith: "Operation not permitted")
                }
                try await mount.expect("rmdir Projects/Trio/Samples", failsWith: "Operation not permitted")
                try await mount.output("rmdir \(WholeAccount.sample); ! test -e \(WholeAccount.sample)")
                #expect(try await mount.output("ls Projects/Trio/Samples") == "")
                try await mount.output("rmdir 'Runs/Exp 1'; ls Runs")
                try await mount.output(
                    "echo move-to-trash > \(WholeAccount.appResult)/.commands; ! test -e \(WholeAccount.appResult)"
                )
                #expect(try await trash(whole) == "3\n")
                try await mount.output("rmdir Projects/Trio; ! test -e Projects/Trio")
                #expect(try await mount.output("ls Projects Runs") == "Projects:\n\nRuns:\n")
            }
        }

        @Test("What goes to the trash with its session is not shown any more, nor is what others make of it")
        func trashWithResults() async throws {
            try await WholeAccount.using(options: { _ in ["--allow-delete"] }) { whole in
                let datasets = "Projects/Trio/Datasets"
                try await whole.mount.output("ls -lR \(WholeAccount.appResult) Projects/Trio/AppResults \(datasets)")
                try await whole.mount.output(
                    """
                    test -e \(datasets)/Calls && rmdir AppSessions/Analysis
                    ! test -e \(WholeAccount.appResult) && ! test -e \(datasets)/Calls
                    """
                )
                #expect(
                    try await whole.mount.output("ls Projects/Trio/AppResults \(datasets)").contains("Calls") == false
                )
            }
        }

        @Test("mkdir of an AppResult that others have made since is EEXIST; mkdir -p takes theirs")
        func madeByOthers() async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount(at: "one")
                let other = try await account.mount(at: "two")
                for mount in [mount, other] { try await mount.output("ls Projects/P/AppResults") }
                let made = try await other.makeAppResult("out")
                let next = try await other.makeAppResult("next")
                try await mount.expect("mkdir Projects/P/AppResults/out", failsWith: "File exists")
                #expect(try await mount.output("cat Projects/P/AppResults/out/.id") == "\(made.id)\n")
                try await mount.output("mkdir -p Projects/P/AppResults/next/Files/d")
                #expect(try await mount.output("cat Projects/P/AppResults/next/.id") == "\(next.id)\n")
                #expect(try await mount.output("ls Projects/P/AppResults") == "next\nout\n")
            }
        }

        @Test("What a file waits for stays out of the trash, whatever its name and whichever mount has it")
        func trashWaits() async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount("--allow-delete", at: "one")
                let result = try await mount.makeAppResult()
                try await mount.output("mkdir Projects/Q; echo precious > '\(result.files)/.f.tmp'")
                let other = try await account.mount("--allow-delete", at: "two")
                for place in [result.path, "Projects/P"] {
                    for mount in [mount, other] {
                        try await mount.expect("rmdir '\(place)'", failsWith: "Device or resource busy")
                        #expect(try await mount.output("cat '\(place)/../.error'").contains(".f.tmp"))
                    }
                }
                // It is nobody else's matter, also for a mount that has never seen where the file belongs.
                try await other.output("rmdir Projects/Q")
                try await mount.output("rm '\(result.files)/.f.tmp'; rmdir '\(result.path)'")
            }
        }

        @Test("With --appsession every AppResult belongs to that session, which .appsession shows")
        func session() async throws {
            try await WholeAccount.using(options: { filled in
                ["--appsession", filled.analysis.id, "--appresult-description", "made in a test"]
            }) { whole in
                let (mount, service) = (whole.mount, whole.service)
                #expect(try await mount.output("cat .appsession/Properties/Input.Note") == "first try\n")
                #expect(
                    try await mount.output("readlink -e .appsession") == mount.absolute("AppSessions/Analysis") + "\n"
                )
                for name in ["One", "Two"] {
                    let made = try await mount.makeAppResult(name, in: "Trio")
                    let reply = await service.call("GET", "appresults/\(made.id)")
                    #expect((reply["AppSession"] as? [String: Any])?["Id"] as? String == whole.analysis.id)
                    #expect(reply["Description"] as? String == "made in a test")
                }
                #expect(
                    try await mount.output("ls .appsession/ | grep -c AppResults") == "3\n"
                )
                try await mount.output(
                    "echo x > Projects/Trio/AppResults/One/Files/f; echo complete > .appsession/Status"
                )
                #expect(whole.simulator.session(whole.analysis.id)?.status == "Complete")
                try await mount.expect(
                    "echo x > Projects/Trio/AppResults/Two/Files/f",
                    failsWith: "Read-only file system"
                )
            }
        }

        @Test("mkdir AppResults.<name> in a session makes an AppResult of it, in the project it works in")
        func inSession() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                try await mount.output(
                    """
                    cd AppSessions/Analysis && mkdir AppResults.More && echo x > AppResults.More/Files/f &&
                        cat "$MNT/Projects/Trio/AppResults/More/Files/f" && ls -d AppResults.*.More
                    """
                )
                let id = try await mount.output("cat Projects/Trio/AppResults/More/.id").trimmingCharacters(
                    in: .newlines
                )
                let reply = await whole.service.call("GET", "appresults/\(id)")
                #expect((reply["AppSession"] as? [String: Any])?["Id"] as? String == whole.analysis.id)
                for name in ["More", "AppResults.", "AppResults"] {
                    try await mount.expect("mkdir AppSessions/Analysis/\(name)", failsWith: "Operation not permitted")
                }
                #expect(try await mount.output("cat AppSessions/Analysis/.error").contains("AppResults.<name>"))
            }
        }

        @Test("user.basespace.description of an AppResults directory describes what is made in it from then on")
        func description() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                let directory = "Projects/Trio/AppResults"
                try await mount.output("setfattr -n user.basespace.description -v 'by hand' \(directory)")
                #expect(
                    try await mount.output("getfattr --only-values -n user.basespace.description \(directory)")
                        == "by hand"
                )
                let python = "import os; os.setxattr('\(directory)', 'user.basespace.description', b'x', os.XATTR_"
                try await mount.expect("python3 -c \"\(python)CREATE)\"", failsWith: "File exists")
                let described = try await mount.makeAppResult("One", in: "Trio")
                #expect(
                    await whole.service.call("GET", "appresults/\(described.id)")["Description"] as? String == "by hand"
                )
                try await mount.output("setfattr -x user.basespace.description \(directory)")
                try await mount.expect(
                    "setfattr -x user.basespace.description \(directory)",
                    failsWith: "No such attribute"
                )
                try await mount.expect("python3 -c \"\(python)REPLACE)\"", failsWith: "No data available")
                let plain = try await mount.makeAppResult("Two", in: "Trio")
                #expect(
                    (await whole.service.call("GET", "appresults/\(plain.id)")["Description"] as? String ?? "") == ""
                )
            }
        }

        @Test("Without --appsession each AppResult has a session of its own and no description")
        func ownSessions() async throws {
            try await WholeAccount.using { whole in
                var sessions: Set<String> = [whole.analysis.id]
                for name in ["One", "Two"] {
                    let made = try await whole.mount.makeAppResult(name, in: "Trio")
                    sessions.insert(try await made.session().id)
                    let reply = await whole.service.call("GET", "appresults/\(made.id)")
                    #expect((reply["Description"] as? String ?? "") == "")
                    try await whole.mount.output("test -e '\(made.path)/ParentAppSession/Status'")
                }
                #expect(sessions.count == 3)
                try await whole.mount.expect("ls .appsession", failsWith: "No such file")
            }
        }
    }
}
