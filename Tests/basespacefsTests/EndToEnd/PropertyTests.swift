import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Properties that are written")
    struct PropertyTests {
        private func property(_ name: String, _ whole: WholeAccount) async throws -> String {
            try await whole.property(name)
        }

        @Test(
            "Text that is not UTF-8 is refused, whole characters in pieces are not; what the service tells is new at once"
        )
        func encoding() async throws {
            try await WholeAccount.using { whole in
                let (mount, place) = (whole.mount, WholeAccount.appResult)
                try await mount.expect(
                    "printf 'M\\xfcller' > \(place)/Properties/My.Text",
                    failsWith: "Invalid argument"
                )
                #expect(try await mount.output("cat \(place)/Properties/.error").contains("UTF-8"))
                try await mount.expect("printf '\\xff' > \(place)/StatusSummary", failsWith: "Invalid argument")
                try await mount.output("test $(stat -c %s \(place)/.error) = $(wc -c < \(place)/.error)")

                let before = try await mount.output("cat AppSessions/Analysis/LaunchPayload; jq . \(place)/.json")
                #expect(!before.contains("Input.Later"))
                try await mount.output("echo words > AppSessions/Analysis/Properties/Input.Later")
                let payload = try await mount.output(
                    """
                    cat AppSessions/Analysis/LaunchPayload
                    test $(stat -c %s AppSessions/Analysis/LaunchPayload) = $(wc -c < AppSessions/Analysis/LaunchPayload)
                    """
                )
                #expect(payload.contains("Input.Later"))
                // é, one byte further in each time, so that some piece ends within it.
                try await mount.output(
                    """
                    python3 -c '
                    import os
                    for shift in range(2):
                        text = b"x" * shift + "é".encode() * 6000
                        file = os.open("\(place)/Properties/My.Long", os.O_WRONLY | os.O_CREAT)
                        for start in range(0, len(text), 4097):
                            os.write(file, text[start:start + 4097])
                        os.close(file)
                        assert open("\(place)/Properties/My.Long", "rb").read().rstrip(b"\\n") == text
                    '
                    """
                )
            }
        }

        @Test("Each type can be made and changed with echo, mkdir and ln -s, and is at the service when they return")
        func types() async throws {
            try await WholeAccount.using { whole in
                let (mount, sample, id) = (whole.mount, whole.sample, whole.sample.id)
                let other = try whole.project.addSample("S2")
                func run(_ script: String) async throws {
                    try await mount.output("cd \(WholeAccount.appResult)/Properties && \(script)")
                }
                try await run("echo hello > My.Text")
                #expect(try await property("My.Text", whole) == #"["string","hello"]"#)
                try await run("echo other > My.Text; printf 'no newline' > App.String; test $(cat My.Text) = other")
                try await run(
                    "echo one > My.Lines; echo two >> My.Lines; printf '1\\n2\\n' >> My.Lines; cat My.Lines | wc -l"
                )
                #expect(try await property("My.Lines", whole) == #"["string","one\ntwo\n1\n2"]"#)
                #expect(try await property("My.Text", whole) == #"["string","other"]"#)
                #expect(try await property("App.String", whole) == #"["string","no newline"]"#)

                try await run("mkdir My.List && echo a > My.List/0 && echo b > My.List/1 && echo c > My.List/0")
                #expect(try await property("My.List", whole) == #"["string[]","c","b"]"#)
                try await run("mkdir My.Map && echo v > My.Map/key && printf '1\\n2\\n' > My.Map/two")
                #expect(
                    try await property("My.Map", whole)
                        == #"["map",{"Key":"key","Values":["v"]},{"Key":"two","Values":["1","2"]}]"#
                )
                try await run("echo w > App.Maps/0/other; test \"$(cat App.Maps/0/*)\" = $'v\\nw'")
                #expect(
                    try await property("App.Maps", whole)
                        == #"["map[]",[{"Key":"key","Values":["v"]},{"Key":"other","Values":["w"]}]]"#
                )

                try await run("ln -s ../../../Samples/S1 My.Sample; test -d My.Sample/Files")
                #expect(try await property("My.Sample", whole) == #"["sample","\#(id)"]"#)
                try await run("ln -s \"$MNT/\(WholeAccount.sample)/Files/S1_R1.fastq.gz\" My.File; cat My.File")
                #expect(try await property("My.File", whole) == #"["file","\#(whole.file.id)"]"#)
                try await run(
                    """
                    mkdir My.Samples && ln -s ../../../../Samples/S1 My.Samples/0
                    ln -s "$MNT/.by-id/\(other.href.dropFirst("v1pre3/".count))" My.Samples/1; ls My.Samples/1/Files
                    """
                )
                #expect(try await property("My.Samples", whole) == #"["sample[]","\#(id)","\#(other.id)"]"#)
                #expect(sample.id == id)
                try await mount.output(
                    """
                    cd \(WholeAccount.sample)/Properties && ln -s ../ParentAppSession My.Session &&
                        test "$(readlink -e My.Session)" = "$MNT/AppSessions/Sequencing"
                    """
                )
            }
        }

        @Test("rm takes a property, or an element of one, and rmdir what is empty")
        func removal() async throws {
            try await WholeAccount.using { whole in
                func run(_ script: String) async throws -> String {
                    try await whole.mount.output("cd \(WholeAccount.appResult)/Properties && \(script)")
                }
                // As of other files, those that stay keep their names.
                #expect(try await run("rm App.List/0; ls App.List; cat App.List/1") == "1\ntwo\n")
                #expect(try await property("App.List", whole) == #"["string[]","two"]"#)
                #expect(
                    try await run("rm App.List/1; ls App.List; rmdir App.List; rm App.String App.Reference; ls") == """
                        App.Map
                        App.Maps
                        App.References

                        """
                )
                for name in ["App.List", "App.String", "App.Reference"] {
                    #expect(try await property(name, whole) == "")
                }
                #expect(try await run("rm -r App.Map; ls") == "App.Maps\nApp.References\n")
                #expect(
                    try await run(
                        "mkdir My.List; for i in 0 1 2 3; do echo $i > My.List/$i; done; rm My.List/0 My.List/2; ls My.List"
                    )
                        == "1\n3\n"
                )
                #expect(try await property("My.List", whole) == #"["string[]","1","3"]"#)
                #expect(try await run("rm -r My.List App.References; ls") == "App.Maps\n")
                try await whole.mount.expect(
                    "rmdir \(WholeAccount.appResult)/Properties/App.Maps",
                    failsWith: "not empty"
                )
                #expect(try await run("rm -r App.Maps; ls") == "")
                for name in ["My.List", "App.References", "App.Maps"] {
                    #expect(try await property(name, whole) == "")
                }
            }
        }

        @Test("What breaks a rule is EINVAL, leaves the service alone, and .error says which rule")
        func rules() async throws {
            try await WholeAccount.using { whole in
                let long = "A." + String(repeating: "x", count: 63)
                for (change, words) in [
                    ("echo x > nodot", "two parts or more"), ("echo x > .dot", "begins with a letter or a digit"),
                    ("echo x > 'A.b c'", "letters of the English alphabet"),
                    ("echo x > \(long)", "at most 64 characters"),
                    ("mkdir nodot", "two parts or more"), ("ln -s ../Files nodot", "'../Files' is no project"),
                    ("ln -s ../../../Samples/S1 nodot", "two parts or more"),
                    ("ln -s /etc/passwd A.b", "'/etc/passwd' is no project"),
                    ("ln -s ../../../Samples/Missing A.b", "'../../../Samples/Missing' is no project"),
                    ("mkdir My.List; echo x > My.List/3", "the next of this list is '0', not '3'"),
                    ("ln -s ../../../../Samples/S1 App.References/1", "list of files"),
                ] {
                    whole.simulator.resetRequests()
                    let place = "\(WholeAccount.appResult)/Properties"
                    try await whole.mount.expect("cd \(place); \(change)", failsWith: "Invalid argument")
                    let directory =
                        change.contains("References/") ? "/App.References" : change.contains("List/") ? "/My.List" : ""
                    let text = try await whole.mount.output("cat \(place)\(directory)/.error")
                    #expect(text.contains(words), "\(change): \(text)")
                    #expect(text.hasPrefix("errno: EINVAL"), "\(change): \(text)")
                    #expect(!whole.simulator.requests.contains { $0.method == "POST" }, "\(change)")
                }
                try await whole.mount.expect(
                    "ln -s x \(WholeAccount.sample)/Files/link",
                    failsWith: "Operation not permitted"
                )
            }
        }

        @Test(
            "A key that would not be found again, and an editor's copy, is EINVAL where it is made, and nothing is sent"
        )
        func keys() async throws {
            try await WholeAccount.using { whole in
                let (mount, place) = (whole.mount, "\(WholeAccount.appResult)/Properties")
                for (change, made) in [
                    ("echo v > App.Map/.k", "App.Map/.k"), ("echo v > App.Map/$'a\\tb'", "App.Map/a"),
                    ("mkdir App.Map/.d", "App.Map/.d"), ("echo v > App.Maps/0/.k", "App.Maps/0/.k"),
                    ("ln -s ../../../../Samples/S1/Files/S1_R2.fastq.gz App.References/.1", "App.References/.1"),
                    ("echo v > App.Map/key~", "App.Map/key~"), ("echo v > App.Map/'#key#'", "App.Map/#key#"),
                    ("echo v > App.Map/4913", "App.Map/4913"), ("rsync $HOME/token App.Map/key", "App.Map/.key."),
                ] {
                    whole.simulator.resetRequests()
                    try await mount.expect("cd \(place); \(change)", failsWith: "Invalid argument")
                    let text = try await mount.output(#"cat "$(dirname "$1")/.error""#, "\(place)/\(made)")
                    #expect(text.hasPrefix("errno: EINVAL"), "\(change): \(text)")
                    #expect(text.contains("property '\(made)"), "\(change): \(text)")
                    #expect(text.contains("can't be made: "), "\(change): \(text)")
                    #expect(!whole.simulator.requests.contains { $0.method == "POST" }, "\(change)")
                }
                // It is told where it happened, and nowhere else.
                #expect(try await mount.output("cat \(place)/.error") == "")
                #expect(
                    try await mount.output("ls -A \(place)/App.Map \(place)/App.Maps/0") == """
                        \(place)/App.Map:
                        key

                        \(place)/App.Maps/0:
                        key

                        """
                )
            }
        }

        @Test(
            "A reference that is in a list already is EEXIST, whether the list is known or others have put it there since"
        )
        func twins() async throws {
            try await WholeAccount.using { whole in
                let other = try whole.sample.addFile("S1_R3.fastq.gz", .bytes([3]))
                let (mount, list) = (whole.mount, "\(WholeAccount.appResult)/Properties/App.References")
                let files = "$MNT/\(WholeAccount.sample)/Files"
                whole.simulator.resetRequests()
                try await mount.expect("ln -s \"\(files)/S1_R1.fastq.gz\" \(list)/1", failsWith: "File exists")
                let text = try await mount.output("cat \(list)/.error")
                #expect(text.hasPrefix("errno: EEXIST"), "\(text)")
                #expect(try await mount.output("cat \(list)/../.error") == "")
                #expect(text.contains("'0' in this list refers to file \(whole.file.id) already"), "\(text)")
                #expect(!whole.simulator.requests.contains { $0.method == "POST" })

                try whole.appResult.setProperty("App.References", references: [whole.file, other])
                try await mount.expect("ln -s \"\(files)/S1_R3.fastq.gz\" \(list)/2", failsWith: "File exists")
                let later = try await mount.output("cat \(list)/.error")
                #expect(later.contains("'1' in this list refers to file \(other.id) already"), "\(later)")
                let ids = #""\#(whole.file.id)","\#(other.id)""#
                #expect(try await whole.property("App.References") == #"["file[]",\#(ids)]"#)
            }
        }

        @Test("Properties of datasets and biosamples are read-only: their modes say so, and so does EPERM in words")
        func readOnlyKinds() async throws {
            try await WholeAccount.using { whole in
                try whole.sample.setProperty("App.Note", "first")
                for place in ["Projects/Trio/Datasets/S1/Properties", "BioSamples/S1/Properties"] {
                    let shown = try await whole.mount.output(
                        "cat \(place)/App.Note; stat -c %a \(place) \(place)/App.Note"
                    )
                    #expect(shown == "first\n555\n444\n")
                    whole.simulator.resetRequests()
                    for change in [
                        "echo x > App.Note", "echo x > App.New", "rm -f App.Note", "mkdir App.List",
                        "truncate -s 0 App.Note", "ln -s \"$MNT/\(WholeAccount.sample)\" App.Link",
                    ] {
                        try await whole.mount.expect(
                            "cd \(place); \(change)",
                            failsWith: "Operation not permitted"
                        )
                        let text = try await whole.mount.output("cat \(place)/.error")
                        #expect(text.contains("can be read and not changed"), "\(change): \(text)")
                    }
                    #expect(!whole.simulator.requests.contains { !["GET", "HEAD"].contains($0.method) })
                }
            }
        }

        @Test("A refusal of the service reaches the program, with the service's words in .error")
        func refusals() async throws {
            try await WholeAccount.using { whole in
                let fault = Fault(
                    .status(403, body: #"{"ResponseStatus":{"ErrorCode":"F","Message":"owner only"}}"#),
                    on: .init(method: "POST")
                )
                whole.simulator.setFaults([fault])
                let place = "\(WholeAccount.appResult)/Properties"
                try await whole.mount.expect("echo x > \(place)/A.b", failsWith: "Permission denied")
                #expect(try await whole.mount.output("cat \(place)/.error").contains("owner only"))
                try await whole.mount.expect("ln -s ../../../Samples/S1 \(place)/A.c", failsWith: "Permission denied")
            }
        }
    }
}

extension WholeAccount {
    /// What the service has of a property: its type, and its content as one line of JSON.
    func property(_ name: String) async throws -> String {
        try await mount.output(
            """
            curl -sS -H "x-access-token: $(cat $HOME/token)" \
                "$1/v1pre3/appresults/$2/properties" | jq -c --arg name "$3" '
                .Response.Items[] | select(.Name == $name) | [.Type] +
                    if .Content then .Content | if type == "array" then . else [.Id? // .] end
                    else (.Items | map(if type == "object" then .Id else . end)) end'
            """,
            simulator.apiURL,
            appResult.id,
            name
        ).trimmingCharacters(in: .newlines)
    }
}
