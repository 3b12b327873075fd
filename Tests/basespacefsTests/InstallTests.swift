import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

@Suite("What is installed, and its version")
struct InstallTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory(prefix: "install")
    }

    private func make(_ target: String, _ variables: String...) async throws {
        let products = FilePath(try BuiltProducts.path(of: "basespacefs")).removingLastComponent().string
        try await Shell.output(
            [
                "env", "-u", "MAKEFLAGS", "-u", "HELPERDIR", "make", "-C", MountHelper.root.path, target,
                "release=\(products)", "DESTDIR=\(directory.path)",
            ]
                + variables
        )
    }

    private var files: [String] {
        let paths = FileManager.default.subpaths(atPath: directory.path.string) ?? []
        return paths.filter { path in
            var status = stat()
            return lstat(directory.path.string + "/" + path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && !path.contains(".resources/")
        }.sorted()
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: directory.path.string + "/" + path, encoding: .utf8)
    }

    private static var manual: [String] {
        let pages = (try? FileManager.default.contentsOfDirectory(atPath: MountHelper.root.path + "/man")) ?? []
        return pages.map { "usr/share/man/man\($0.suffix(1))/\($0)" }
    }

    @Test("make install puts everything below the prefix, make uninstall takes it away")
    func installed() async throws {
        try await make("install", "PREFIX=/usr")
        let expected =
            [
                "usr/bin/basespacefs", "usr/lib/systemd/user/basespacefs@.service",
                "usr/libexec/basespacefs/basespace-simulator", "usr/sbin/mount.basespacefs",
                "usr/share/bash-completion/completions/basespacefs",
                "usr/share/fish/vendor_completions.d/basespacefs.fish", "usr/share/zsh/site-functions/_basespacefs",
            ] + Self.manual
        #expect(files == expected.sorted())
        let program = directory.file("usr").appending("bin/basespacefs").string
        #expect(try await Shell.output([program, "--version"]) == "basespacefs \(Version.current)\n")
        for page in Self.manual {
            #expect(try text(page).contains("\n.Os basespacefs \(Version.current)\n"), "\(page)")
        }
        try directory.write([], to: "usr/libexec/basespacefs/other")
        try await make("uninstall", "PREFIX=/usr")
        #expect(files == ["usr/libexec/basespacefs/other"])
    }

    @Test("The helper of another installation stays as it is")
    func otherHelper() async throws {
        try await make("install", "PREFIX=/usr")
        let helper = try text("usr/sbin/mount.basespacefs")
        await #expect { try await make("install", "PREFIX=/usr/local") } throws: { error in
            "\(error)".contains("usr/sbin/mount.basespacefs is that of another installation")
        }
        #expect(!files.contains { $0.hasPrefix("usr/local/") })
        try await make("uninstall", "PREFIX=/usr/local")
        #expect(try text("usr/sbin/mount.basespacefs") == helper)
        try await make("install", "PREFIX=/usr")
        #expect(try text("usr/sbin/mount.basespacefs") == helper)
    }

    @Test("Paths with blanks are refused before anything is done", arguments: ["PREFIX", "HELPERDIR", "DESTDIR"])
    func blanks(variable: String) async throws {
        try directory.write([], to: "precious")
        let path = directory.path.string + "/precious x"
        await #expect { try await make("uninstall", "\(variable)=\(path)") } throws: { error in
            "\(error)".contains("can have no blanks")
        }
        #expect(files == ["precious"])
    }

    @Test("What calls the program calls the one that is installed")
    func prefix() async throws {
        try await make("install", "PREFIX=/opt/b", "HELPERDIR=/opt/b/sbin")
        #expect(try text("opt/b/sbin/mount.basespacefs").contains("\nprogram=/opt/b/bin/basespacefs\n"))
        let unit = try text("opt/b/lib/systemd/user/basespacefs@.service")
        #expect(unit.contains("\nExecStart=/opt/b/bin/basespacefs mount "))
        #expect(unit.contains("\nExecStop=-/opt/b/bin/basespacefs unmount "))
        #expect(!unit.contains("/usr/bin/basespacefs"))
    }

    @Test("The change log begins with the program's version")
    func changelog() throws {
        let log = try String(contentsOf: MountHelper.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let newest = try #require(log.split(separator: "\n").first { $0.hasPrefix("## ") })
        let version = Version.current.split(separator: "-")[0]
        #expect(newest.split { !$0.isNumber && $0 != "." }.contains(version), "\(newest)")
    }
}

@Suite("Completions of shells")
struct CompletionTests {
    @Test("Bash understands its script")
    func bash() async throws {
        try await checkSyntax(shell: "bash")
    }

    @Test("Zsh understands its script", .enabled("needs zsh") { Executables.isInstalled("zsh") })
    func zsh() async throws {
        try await checkSyntax(shell: "zsh")
    }

    @Test("Fish understands its script", .enabled("needs fish") { Executables.isInstalled("fish") })
    func fish() async throws {
        try await checkSyntax(shell: "fish")
    }

    private func checkSyntax(shell: String) async throws {
        let script = try await Shell.output(
            [BuiltProducts.path(of: "basespacefs"), "--generate-completion-script", shell]
        )
        #expect(script.contains("upload-policy"))
        #expect(!script.contains("readiness-descriptor") && !script.contains("exit-with-parent"))
        let directory = try TemporaryDirectory(prefix: "completion")
        let file = try directory.write(Array(script.utf8), to: "script")
        let result = try await Shell.run([shell, "-n", file.string])
        #expect(result.status == 0, "\(result.errors)")
    }

    /// What bash offers for the last word.
    private func offers(_ words: String...) async throws -> Set<String> {
        let home = try TemporaryDirectory(prefix: "home")
        for path in [".basespace", "Lab", "Other", ".hidden"] {
            try FileManager.default.createDirectory(
                atPath: home.file(path).string,
                withIntermediateDirectories: true
            )
        }
        for name in ["lab.cfg", "eu.cfg", "notes.txt"] {
            try home.write([], to: ".basespace/\(name)")
        }
        try home.write([], to: "Lane.txt")
        let script = #"""
            cd "$HOME" && eval "$("$PROGRAM" --generate-completion-script bash)" || exit
            PATH=$(dirname "$PROGRAM"):$PATH
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9 COMP_KEY=9
            COMP_POINT=${#COMP_LINE}
            complete -p basespacefs > registered
            function=$(sed 's/.* -F \([^ ]*\) .*/\1/' registered)
            "$function" basespacefs "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
            """#
        let output = try await Shell.output(
            ["bash", "-c", script, "script", "basespacefs"] + words,
            environment: ["HOME": home.path.string, "PROGRAM": try BuiltProducts.path(of: "basespacefs")]
        )
        return Set(output.split(separator: "\n").map(String.init))
    }

    @Test("Profiles are offered where one may stand, and directories where one mounts")
    func profiles() async throws {
        for command in ["whoami", "login", "logout", "doctor"] {
            #expect(try await offers(command, "") == ["eu", "lab"], "\(command)")
        }
        #expect(try await offers("mount", "l") == ["lab"])
        #expect(try await offers("mount", "L") == ["Lab/"])
        #expect(try await offers("mount", "lab", "./L") == ["./Lab/"])
        #expect(try await offers("mount", "--upload-policy", "b") == ["background"])
        #expect(try await offers("un") == ["unmount"])
    }
}
