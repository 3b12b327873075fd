import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What each operation means at each place")
    struct SemanticsTests {
        private static let data = [
            "projects/P/samples/S/f": 100, "projects/P/samples/S/d/g": 10, "projects/P/appresults/Old/f": 5,
        ]

        private func withResult(_ body: (Mount, NewAppResult) async throws -> Void) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                try await body(mount, try await mount.makeAppResult())
            }
        }

        @Test("Samples and finished AppResults take nothing: EROFS")
        func readOnlyPlaces() async throws {
            try await withResult { mount, _ in
                for place in ["Projects/P/Samples/S/Files", "Projects/P/AppResults/Old/Files"] {
                    for change in [
                        "echo x > \(place)/new", "mkdir \(place)/new", "echo x >> \(place)/f",
                        "truncate -s 1 \(place)/f",
                        "rm -f \(place)/f", "mv \(place)/f \(place)/g",
                    ] {
                        try await mount.expect(change, failsWith: "Read-only file system")
                    }
                }
                try await mount.expect(
                    "echo complete > Projects/P/AppResults/Old/Status",
                    failsWith: "Read-only file system"
                )
                try await mount.output("cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f")
            }
        }

        @Test("An uploaded file of a running session can't be changed, renamed or removed: EPERM")
        func uploadedFiles() async throws {
            try await withResult { mount, result in
                try await result.output("echo data > f; echo other > g")
                for change in [
                    "rm -f f", "mv f h", "mv f g", "mv -f g f", "truncate -s 0 f", "echo x >> f",
                    "cp $DATA/projects/P/samples/S/f f",
                    "echo x > f",
                ] {
                    try await mount.expect("cd '\(result.files)'; \(change)", failsWith: "Operation not permitted")
                }
                try await mount.expect("set -C; cd '\(result.files)'; echo x > f", failsWith: "cannot overwrite")
                #expect(try await result.output("cat f g") == "data\nother\n")
                // What changes nothing is no change.
                try await result.output("chmod 644 f; touch -c -m f")
                #expect(result.received.map(\.size) == [5, 6])
            }
        }

        @Test("Links and special files are not possible: EPERM")
        func links() async throws {
            try await withResult { mount, result in
                try await result.output("echo data > f")
                for change in ["ln f hard", "ln -s f soft", "mkfifo pipe"] {
                    try await mount.expect("cd '\(result.files)'; \(change)", failsWith: "Operation not permitted")
                }
            }
        }

        @Test("Directories: names with a dot or control characters are refused, empty ones go, entities stay")
        func directories() async throws {
            try await withResult { mount, result in
                for name in [".hidden", #"$'a\tb'"#] {
                    try await mount.expect("mkdir Projects/P/AppResults/\(name)", failsWith: "Invalid argument")
                }
                try await mount.expect("mkdir '\(result.files)'/$'a\\tb'", failsWith: "Invalid argument")
                try await mount.expect("echo x > '\(result.files)'/$'a\\tb'", failsWith: "Invalid argument")
                #expect(try await mount.run("mkdir Projects/P/AppResults/$(printf '%0300d' 1)").status != 0)
                try await result.output("mkdir d d/e; ! rmdir d 2> /dev/null; rmdir d/e d; ! test -e d")
                try await mount.expect(
                    "mkdir '\(result.files)/d'; echo x > '\(result.files)/d/f'; rmdir '\(result.files)/d'",
                    failsWith: "not empty"
                )
                for directory in ["Projects/P", "Projects/P/AppResults/R", "Projects/P/Samples/S"] {
                    let removal = try await mount.run("rmdir \(directory)")
                    #expect(removal.status != 0)
                }
                for place in ["", "Projects/P/", "Projects/P/Samples/", "Projects/P/AppResults/"] {
                    let creation = try await mount.run("echo x > \(place)file")
                    #expect(creation.status != 0, "a file in \(place)")
                }
                try await mount.expect("mkdir new", failsWith: "Operation not permitted")
            }
        }

        @Test("A read-only mount refuses every change and reads on", arguments: [["--read-only"], ["-o", "ro"]])
        func readOnlyMount(option: [String]) async throws {
            try await Account.using(.random(Self.data)) { account in
                let writable = try await account.mount(at: "writable")
                let result = try await writable.makeAppResult()
                try await result.output("echo data > f")
                let path = try account.makeMountPoint("mnt")
                let mounted = try await account.program(["mount"] + account.credentials + option + [path.string])
                #expect(mounted.status == 0, "\(mounted.errors)")
                let mount = Mount(account: account, path: path)
                for change in [
                    "echo x > '\(result.files)/new'", "mkdir Projects/new", "mkdir Projects/P/AppResults/new",
                    "mkdir '\(result.files)/new'", "echo complete > '\(result.path)/Status'", "rm '\(result.files)/f'",
                    "mv '\(result.files)/f' '\(result.files)/g'", "touch '\(result.files)/f'",
                ] {
                    try await mount.expect(change, failsWith: "Read-only file system")
                }
                #expect(try await mount.output("cat '\(result.files)/f' '\(result.path)/Status'") == "data\nRunning\n")

                // What others add can be asked for all the same.
                #expect(try await mount.output("ls '\(result.files)'") == "f\n")
                let service = ServiceClient(account.simulator)
                await service.upload(Array("more".utf8), named: "g", toAppResult: result.id)
                try await mount.expect("echo refresh > '\(result.files)/.commands'", failsWith: "Read-only file system")
                let refresh = try await account.program(["refresh", mount.absolute(result.files)])
                #expect(refresh.status == 0, "\(refresh.errors)")
                #expect(try await mount.output("ls '\(result.files)'") == "f\ng\n")
                #expect(try await result.session().status == "Running")
            }
        }

        @Test(
            "Status and StatusSummary refuse what the service does not know: EINVAL, and EBUSY while a file is written"
        )
        func control() async throws {
            try await withResult { mount, result in
                let status = "'\(result.path)/Status'"
                for text in ["finished", "", "complete $(printf '%0129d' 1)"] {
                    try await mount.expect("echo \"\(text)\" > \(status)", failsWith: "Invalid argument")
                }
                try await mount.expect(
                    "printf '%0129d' 1 > '\(result.path)/StatusSummary'",
                    failsWith: "Invalid argument"
                )
                #expect(try await result.session().status == "Running")
                try await mount.output("printf '%0128d' 1 > '\(result.path)/StatusSummary'")
                #expect(try await result.session().statusSummary.count == 128)

                try await mount.expect(
                    """
                    python3 -c '
                    import sys
                    file = open(sys.argv[1] + "/Files/f", "wb", 0)
                    file.write(b"x")
                    open(sys.argv[1] + "/Status", "wb", 0).write(b"complete")
                    ' '\(result.path)'
                    """,
                    failsWith: "Device or resource busy"
                )
                #expect(try await result.session().status == "Running")
                try await mount.output("echo complete > \(status)")
                #expect(result.received.map(\.path) == ["f"])
                for command in ["rm -f \(status)", "mv \(status) '\(result.path)/S'"] {
                    #expect(try await mount.run(command).status != 0, "\(command)")
                }
            }
        }

        @Test("Extended attributes tell id, ETag, type and status; others are not kept")
        func attributes() async throws {
            try await withResult { mount, result in
                try await result.output("echo data > f.txt")
                let names = try await mount.output("getfattr -d '\(result.files)/f.txt'")
                let file = try #require(result.received.first)
                #expect(names.contains("user.basespace.id=\"\(file.id)\""))
                #expect(names.contains("user.basespace.etag=\"\(file.etag)\""))
                #expect(names.contains("user.basespace.content_type=\"\(file.contentType)\""))
                #expect(
                    try await mount.output("getfattr --only-values -n user.basespace.status '\(result.path)'")
                        == "Running"
                )
                for place in ["Projects/P", "Projects/P/Samples/S"] {
                    #expect(try await !mount.output("getfattr --only-values -n user.basespace.id \(place)").isEmpty)
                }
                try await mount.expect(
                    "setfattr -n user.other -v x '\(result.files)/f.txt'",
                    failsWith: "not supported"
                )
                try await mount.expect(
                    "getfattr -n user.nothing '\(result.files)/f.txt'",
                    failsWith: "No such attribute"
                )
            }
        }

        @Test("Names with spaces, slashes, leading dots, and duplicates are all there, and open")
        func names() async throws {
            let data = try await AccountData.script(
                """
                mkdir -p projects/{'a b',x%2Fy,twin,t%77in,%2Edot,ü}/samples/S
                for d in projects/*; do basename "$d" > "$d/samples/S/f"; done
                echo spaces > 'projects/a b/samples/S/file with  spaces'
                """
            )
            try await Mount.using(data) { mount in
                let names = try await mount.output("ls -1 Projects").split(separator: "\n").map(String.init)
                #expect(names.count == 6)
                #expect(Set(names).isSuperset(of: ["a b", "x_y", "twin", "_.dot", "ü"]))
                let other = try #require(names.first { $0.hasPrefix("twin (") && $0.hasSuffix(")") })
                let id = try await mount.output("getfattr --only-values -n user.basespace.id 'Projects/\(other)'")
                #expect(other == "twin (\(id))")
                let contents = try await mount.output("cat Projects/*/Samples/S/Files/f | sort")
                #expect(contents == (try await mount.output("cat $DATA/projects/*/samples/S/f | sort")))
                #expect(try await mount.output("cat 'Projects/a b/Samples/S/Files/file with  spaces'") == "spaces\n")
            }
        }

        @Test("A name that an AppResult or Sample does not have is looked up, and made, in its Files")
        func shortcut() async throws {
            try await withResult { mount, result in
                let inodes = try await mount.output("stat -c %i Projects/P/Samples/S/f Projects/P/Samples/S/Files/f")
                #expect(Set(inodes.split(separator: "\n")).count == 1)
                #expect(try await mount.output("readlink Projects/P/Samples/S/d") == "Files/d\n")
                try await mount.output("cmp Projects/P/Samples/S/d/g $DATA/projects/P/samples/S/d/g")
                #expect(
                    try await mount.output("ls Projects/P/Samples/S")
                        == "Files\nParentAppSession\nProperties\nSampleProperties\n"
                )

                try await mount.output("echo x > '\(result.path)/new' && cat '\(result.files)/new'")
                #expect(result.received.map(\.path) == ["new"])
                #expect(try await !mount.output("ls '\(result.path)'").contains("new"))
            }
        }

        @Test("Inode numbers and times are the same after a remount; sizes are exact")
        func stability() async throws {
            try await Account.using(.random(Self.data)) { account in
                // What the service has no time for has that of the mount.
                let list = """
                    find . ! -name README -printf '%p %i %s %y %m\\n' | sort
                    find Projects/P/*/*/Files AppSessions/* -maxdepth 0 -printf '%p %T@\\n' | sort
                    find . -path '*/Files/*' -printf '%p %T@\\n' | sort
                    """
                let first = try await account.mount()
                let before = try await first.output(list)
                #expect(try await first.unmount().status == 0)
                let after = try await account.mount().output(list)
                #expect(before == after)
                #expect(before.contains("/f ") && before.contains(" 100 "))
            }
        }

        @Test("df, the root's README and file locks work as on any disk")
        func ordinary() async throws {
            try await withResult { mount, result in
                try await mount.output("df . && df -i . && grep -q BaseSpace README && cd Projects && ls -la . ..")
                try await result.output("echo x > f && flock f true && sync -f f")
                try await mount.expect("cat Projects/none", failsWith: "No such file or directory")
                try await mount.expect("cat Projects", failsWith: "Is a directory")
                try await mount.expect("cat Projects/P/Samples/S/Files/f/x", failsWith: "Not a directory")
            }
        }
    }
}
