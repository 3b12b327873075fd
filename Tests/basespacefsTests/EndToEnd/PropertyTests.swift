import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Properties that are written")
    struct PropertyTests {
        /// What the service has of a property: its type, and its content as one line of JSON.
        private func property(_ name: String, _ whole: WholeAccount) async throws -> String {
            try await whole.mount.output(
                """
                curl -sS -H "x-access-token: $(cat $HOME/token)" \
                    "$1/v1pre3/appresults/$2/properties" | jq -c --arg name "$3" '
                    .Response.Items[] | select(.Name == $name) | [.Type] +
                        if .Content then .Content | if type == "array" then . else [.Id? // .] end
                        else (.Items | map(if type == "object" then .Id else . end)) end'
                """,
                whole.simulator.apiURL,
                whole.appResult.id,
                name
            ).trimmingCharacters(in: .newlines)
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
