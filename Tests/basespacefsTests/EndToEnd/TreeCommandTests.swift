import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What .error tells and .commands does")
    struct TreeCommandTests {
        @Test("After a failure .error has errno, words, the service's name of the request, and the time")
        func errors() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                #expect(try await mount.output("cat .error Projects/Trio/.error") == "")
                whole.simulator.setFaults([Fault(.status(403), on: .init(path: "*/samples"))])
                try await mount.expect("ls Projects/Trio/Samples/", failsWith: "Permission denied")
                let text = try await mount.output(
                    "cat Projects/Trio/Samples/.error; stat -c %s Projects/Trio/Samples/.error"
                )
                let lines = text.split(separator: "\n")
                #expect(lines.count == 5)
                #expect(lines.first == "errno: EACCES (Permission denied)")
                #expect(text.contains(#/\nmessage: .*403.*\n/#), "\(text)")
                #expect(text.contains(#/\nrequest: \S+\n/#), "\(text)")
                let time = try #require(text.firstMatch(of: #/\ntime: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\S*Z\n/#)?.1)
                let moment = try Date("\(time)Z", strategy: .iso8601)
                #expect(abs(moment.timeIntervalSinceNow) < 300)
                #expect(lines.last == "\(text.utf8.count - (lines.last?.utf8.count ?? 0) - 1)")
                #expect(try await mount.output("cat Projects/Trio/.error") == "", "somebody else's failure")

                whole.simulator.setFaults([])
                try await mount.output("echo refresh > .commands")
                // What is refused at once is there as well, in its exact size; words that say more stay.
                for (change, place, words) in [
                    ("mkdir Projects/Trio/New", "Projects/Trio", "making 'New': Operation not permitted"),
                    ("rmdir Projects/Trio", "Projects", "--allow-delete"),
                    ("rm Projects/Trio/Samples/S1/Files/*", "Projects/Trio/Samples/S1/Files", "removing '"),
                    ("mv Projects/Trio Projects/Other", "Projects", "renaming 'Trio' to 'Other'"),
                    ("ln -s x Projects/link", "Projects", "making link 'link': Operation not permitted"),
                    (
                        "echo x > Projects/Trio/Samples/S1/Files/new", "Projects/Trio/Samples/S1/Files",
                        "only an AppResult"
                    ),
                    ("chmod 600 README", ".", "changing 'README': "),
                    (
                        "echo x >> \(WholeAccount.appResult)/Files/Lambda-1.bam", "\(WholeAccount.appResult)/Files",
                        "--allow-overwrite"
                    ),
                    (
                        "mv Projects/Trio/AppResults/Calls/Files/Lambda-1.bam Projects/Trio/AppResults/Calls/Files/x",
                        "\(WholeAccount.appResult)/Files", "can't be changed, renamed or removed"
                    ),
                ] {
                    #expect(try await mount.run(change).status != 0, "\(change)")
                    let text = try await mount.output(
                        "test $(stat -c %s \(place)/.error) = $(wc -c < \(place)/.error); cat \(place)/.error"
                    )
                    #expect(text.contains(words), "\(change): \(text)")
                }
            }
        }

        @Test("refresh shows what was added at once, also names that were looked for in vain a moment ago")
        func refresh() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                try await mount.output(
                    """
                    ls -lR Projects/Trio Runs > /dev/null; ! test -e Projects/Trio/Samples/New
                    ! test -e Projects/Trio/Samples/S1/Files/new; ! test -e Projects/Later; ! test -e Runs/R2
                    ! test -e \(WholeAccount.appResult)/Properties/App.New; ! test -e \(WholeAccount.appResult)/Files/there
                    """
                )
                _ = try whole.project.addSample("New")
                try whole.sample.addFile("new", .bytes(Array("new".utf8)))
                whole.simulator.addProject("Later")
                try whole.simulator.addRun("R2")
                try whole.appResult.setProperty("App.New", "value")
                try whole.appResult.addFile("there", .zeros(1))
                try whole.run.rename(to: "Exp 2")
                let shown = try await mount.output(
                    """
                    echo refresh > Projects/Trio/.commands
                    cat Projects/Trio/Samples/S1/Files/new; test -d Projects/Trio/Samples/New
                    cat \(WholeAccount.appResult)/Properties/App.New
                    echo refresh > \(WholeAccount.appResult)/Files/.commands
                    test -e \(WholeAccount.appResult)/Files/there
                    ls Projects
                    echo refresh > .commands
                    test -d Projects/Later; ls Projects Runs; test -d Runs/R2; ! test -e 'Runs/Exp 1'
                    """
                )
                #expect(
                    shown == """
                        newvalue
                        Trio
                        Projects:
                        Later
                        Trio

                        Runs:
                        Exp 2
                        R2

                        """
                )
            }
        }

        @Test("A program that stands in a directory stays there when it is refreshed")
        func workingDirectories() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                // getcwd(2) itself: pwd would climb up to the root where that fails.
                let script = """
                    import os
                    for name in ("..", "../../..", "../../../.."):
                        with open(os.path.join(name, ".commands"), "w") as commands:
                            commands.write("refresh")
                        print(os.getcwd())
                    os.listdir(".")
                    print(os.getcwd())
                    """
                let path = mount.absolute(WholeAccount.sample + "/Files")
                let shown = try await mount.output("cd '\(path)' && python3 -c \"$1\"", script)
                #expect(shown == String(repeating: path + "\n", count: 4))
            }
        }

        @Test("mark-as-complete ends a session; what is no command is refused with the words that are")
        func commands() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                for (place, words) in [
                    (".", "refresh unmount"), ("Projects/Trio", "refresh move-to-trash"), ("Runs", "refresh"),
                    (WholeAccount.sample, "refresh mark-as-complete move-to-trash"), ("BioSamples/S1", "refresh"),
                ] {
                    #expect(try await mount.output(#"cd "$1" && echo $(cat .commands)"#, place) == words + "\n")
                }
                try await mount.expect(
                    "echo explode > \(WholeAccount.appResult)/.commands",
                    failsWith: "Invalid argument"
                )
                #expect(
                    try await mount.output("cat \(WholeAccount.appResult)/.error")
                        .contains(
                            "'explode' is no command here; write one of: refresh, mark-as-complete, move-to-trash"
                        )
                )
                try await mount.output(
                    "cd \(WholeAccount.appResult) && cp $HOME/token Files/f && echo mark-as-complete > .commands"
                )
                #expect(whole.simulator.session(whole.analysis.id)?.status == "Complete")
                #expect(whole.simulator.uploadedFiles(appResult: whole.appResult.id).map(\.path) == ["f"])
                #expect(try await mount.output("cat AppSessions/Analysis/Status") == "Complete\n")
                #expect(
                    try await mount.output("ls Projects/Trio/AppResults.by-status/*") == """
                        Projects/Trio/AppResults.by-status/Aborted:

                        Projects/Trio/AppResults.by-status/Complete:
                        Calls

                        Projects/Trio/AppResults.by-status/NeedsAttention:

                        Projects/Trio/AppResults.by-status/Running:

                        Projects/Trio/AppResults.by-status/TimedOut:

                        """
                )
                #expect(try await mount.run("echo unmount > .commands").status == 0)
                try await eventually("the mount ends") { whole.mount.account.daemons.isEmpty }
            }
        }

        @Test("An AppSession's own Status sets its state")
        func sessionStatus() async throws {
            try await WholeAccount.using { whole in
                let session = "AppSessions/Analysis"
                try await whole.mount.output("echo needsattention please look > \(session)/Status")
                #expect(whole.simulator.session(whole.analysis.id)?.status == "NeedsAttention")
                #expect(
                    try await whole.mount.output("cat \(session)/Status{,Summary} \(WholeAccount.appResult)/Status")
                        == "NeedsAttention\nplease look\nNeedsAttention\n"
                )
            }
        }
    }
}
