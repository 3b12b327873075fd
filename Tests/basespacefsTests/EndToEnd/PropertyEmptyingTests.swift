import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Properties that are emptied, or made and not written to")
    struct PropertyEmptyingTests {
        /// Runs a script in the AppResult's `Properties/`, and answers the calls that changed something.
        private func changes(_ script: String, _ whole: WholeAccount) async throws -> Int {
            whole.simulator.resetRequests()
            try await whole.mount.output("cd \(WholeAccount.appResult)/Properties && \(script)")
            return whole.simulator.requests.count { !["GET", "HEAD"].contains($0.method) }
        }

        @Test("What is emptied, or made and not written to, is empty at the service when close returns, by one call")
        func emptied() async throws {
            try await WholeAccount.using { whole in
                for (name, script) in [
                    ("App.String", "truncate -s 0 App.String"), ("App.String", ": > App.String"),
                    ("App.String", "cp /dev/null App.String"),
                    ("App.String", "python3 -c 'import os; os.truncate(\"App.String\", 0)'"),
                    ("App.String", "python3 -c 'open(\"App.String\", \"r+\").truncate(0)'"),
                    (
                        "App.String",
                        "python3 -c 'import os; os.close(os.open(\"App.String\", os.O_RDONLY | os.O_TRUNC))'"
                    ),
                    ("My.Shell", ": > My.Shell"), ("My.Copy", "cp /dev/null My.Copy"),
                    ("My.Child", "/bin/true > My.Child"), ("My.Subshell", "(exec > My.Subshell)"),
                    ("My.Python", "python3 -c 'open(\"My.Python\", \"x\").close()'"),
                ] {
                    try whole.appResult.setProperty("App.String", "a text")
                    try await whole.mount.output("echo refresh > \(WholeAccount.appResult)/Properties/.commands")
                    #expect(
                        try await changes("\(script) && test -f \(name) && ! test -s \(name)", whole) == 1,
                        "\(script)"
                    )
                    #expect(try await whole.property(name) == #"["string",""]"#, "\(script)")
                }
                #expect(try await changes("mkdir My.List; : > My.List/0; test -f My.List/0", whole) == 1)
                #expect(try await whole.property("My.List") == #"["string[]",""]"#)
            }
        }

        @Test("A text that is written after its file was made or emptied is set by one call, and nothing else is")
        func written() async throws {
            try await WholeAccount.using { whole in
                for (name, script, text) in [
                    ("App.String", "echo x > App.String", "x"), ("My.New", "echo y > My.New", "y"),
                    ("My.New", "/bin/echo z > My.New", "z"), ("My.New", "exec 3> My.New; echo w >&3; exec 3>&-", "w"),
                    ("My.New", "echo v | tee My.New > /dev/null", "v"),
                    (
                        "My.New", "python3 -c 'f = open(\"My.New\", \"r+\"); f.truncate(0); f.write(\"u\"); f.close()'",
                        "u"
                    ),
                    ("My.New", "echo appended >> My.New", #"u\nappended"#),
                ] {
                    let count = try await changes(script, whole)
                    #expect(count == 1, "\(script)")
                    #expect(try await whole.property(name) == #"["string","\#(text)"]"#, "\(script)")
                }
            }
        }

        @Test("What is removed, or written by somebody else, before the close of who made it stays removed or written")
        func overtaken() async throws {
            try await WholeAccount.using { whole in
                let script = """
                    import os
                    made = os.open("My.Gone", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                    os.unlink("My.Gone")
                    os.close(made)
                    assert not os.path.exists("My.Gone")
                    held = os.open("App.String", os.O_WRONLY | os.O_TRUNC)
                    with open("App.String", "w") as file:
                        file.write("other")
                    os.close(held)
                    """
                try await whole.mount.output("cd \(WholeAccount.appResult)/Properties && python3 -c \"$1\"", script)
                #expect(try await whole.property("My.Gone") == "")
                #expect(try await whole.property("App.String") == #"["string","other"]"#)
            }
        }

        @Test(
            "Another size than none or its own is EINVAL in words; an empty text that the service refuses fails close"
        )
        func refused() async throws {
            try await WholeAccount.using { whole in
                let (mount, place) = (whole.mount, "\(WholeAccount.appResult)/Properties")
                #expect(try await changes("truncate -s 7 App.String", whole) == 0)
                for size in [3, 70] {
                    try await mount.expect("truncate -s \(size) \(place)/App.String", failsWith: "Invalid argument")
                    #expect(try await mount.output("cat \(place)/.error").contains("can't be cut to \(size) bytes"))
                }
                #expect(try await mount.output("cat \(place)/App.String") == "a text\n")

                let words = #"{"ResponseStatus":{"ErrorCode":"F","Message":"owner only"}}"#
                whole.simulator.setFaults([Fault(.status(403, body: words), on: .init(method: "POST"))])
                for change in [
                    "cp /dev/null \(place)/My.New", "python3 -c 'import os; os.truncate(\"\(place)/App.String\", 0)'",
                ] {
                    try await mount.expect(change, failsWith: "Permission denied")
                    #expect(try await mount.output("cat \(place)/.error").contains("owner only"))
                }
                try await eventually("the name that was made in vain goes") {
                    try await mount.run("test -e \(place)/My.New").status != 0
                }
            }
        }
    }
}
