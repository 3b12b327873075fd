import Foundation
import SystemPackage
import TestSupport
import Testing

/// `mount.basespacefs` as far as it goes without mounting.
@Suite("The mount helper's options")
struct MountHelperTests {
    private let directory: TemporaryDirectory
    private let helper: FilePath

    init() throws {
        directory = try TemporaryDirectory(prefix: "helper")
        helper = directory.file("mount.basespacefs")
        let text = try MountHelper.script(program: "/bin/false")
        try directory.write(Array(text.utf8), to: "mount.basespacefs")
    }

    /// Has the helper check a call, as `mount -f -v` does.
    private func check(_ arguments: String..., profile: String = "lab") async throws -> ShellResult {
        try await Shell.run(["sh", helper.string, profile, directory.path.string, "-f", "-v"] + arguments)
    }

    private func command(_ arguments: String..., profile: String = "lab") async throws -> String {
        let options = arguments.flatMap { ["-o", $0] }
        let result = try await Shell.run(
            ["sh", helper.string, profile, directory.path.string, "-f", "-v"] + options
        )
        #expect(result.status == 0, "\(result.errors)")
        let line = try #require(result.lines.last)
        return line.replacing("mount.basespacefs: basespacefs mount ", with: "").replacing(
            directory.path.string,
            with: "DIR"
        )
    }

    @Test("The table has every option of basespacefs mount, and no other")
    func table() async throws {
        let script = try MountHelper.script(program: "/bin/false")
        func list(_ name: String) -> [String] {
            let value = script.components(separatedBy: "\n\(name)='").last?.prefix { $0 != "'" } ?? ""
            return value.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        let help = try await Shell.output([BuiltProducts.path(of: "basespacefs"), "mount", "--help"])
        let longOptions = help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
            line.split { $0 == " " || $0 == "," }.filter { $0.hasPrefix("--") }.map { ($0.dropFirst(2), String(line)) }
        }
        try #require(longOptions.count > 10)
        // What mount(8) has words of its own for, and what makes no sense there.
        let others: Set = ["read-only", "allow-other", "uid", "gid", "foreground", "help", "version"]
        let named = longOptions.filter { !others.contains(String($0.0)) }
        let flags = named.filter { !$0.1.contains("--\($0.0) <") }.map { String($0.0) }
        let valued = named.filter { $0.1.contains("--\($0.0) <") }.map { String($0.0) }
        #expect(list("flags").sorted() == flags.sorted())
        #expect(list("valued").sorted() == valued.sorted())
    }

    @Test("The manual names every option of the table")
    func manual() async throws {
        let script = try MountHelper.script(program: "/bin/false")
        let manual = try String(
            contentsOf: MountHelper.root.appending(path: "man/mount.basespacefs.8"),
            encoding: .utf8
        )
        for name in ["flags", "valued"] {
            let words = script.components(separatedBy: "\n\(name)='").last?.prefix { $0 != "'" } ?? ""
            for word in words.split(whereSeparator: \.isWhitespace) {
                #expect(manual.contains(word), "\(word)")
            }
        }
    }

    @Test("Options become those of basespacefs mount")
    func translation() async throws {
        #expect(try await command() == "-o fsname=lab -- lab DIR")
        #expect(
            try await command("cache-dir=none,upload_policy=background", "allow-delete")
                == "--cache-dir=none --upload-policy=background --allow-delete -o fsname=lab -- lab DIR"
        )
        #expect(
            try await command(#"appresult-description="one, two",cache-size=5G"#)
                == "--appresult-description=one, two --cache-size=5G -o fsname=lab -- lab DIR"
        )
        #expect(try await command("ro,exec,allow_other") == "-o exec,allow_other,ro,fsname=lab -- lab DIR")
        #expect(try await command("ro,rw,listmeta,fsname=df") == "-o listmeta,fsname=df -- lab DIR")
    }

    @Test("Without a profile it is the default one", arguments: ["none", ""])
    func noProfile(word: String) async throws {
        #expect(try await command(profile: word) == "-o fsname=none -- DIR")
    }

    @Test("A profile may be a path with blanks")
    func path() async throws {
        #expect(try await command(profile: "/a b/c.cfg") == "-o fsname=/a b/c.cfg -- /a b/c.cfg DIR")
    }

    @Test("Words of /etc/fstab mean nothing")
    func fstabWords() async throws {
        let words = "defaults,_netdev,nofail,noauto,user=alice,x-systemd.automount,X-mount.mkdir,comment=c,relatime"
        #expect(try await command(words) == "-o fsname=lab -- lab DIR")
    }

    @Test(
        "What is not known, or has a wrong value, is refused by name",
        arguments: [
            ("ro,bogus=5ec5e7", "unknown option bogus (mount.basespacefs(8) has the list)"),
            ("allow-delete allow-overwrite", "unknown option allow-delete allow-overwrite"),
            ("foreground", "unknown option foreground"),
            ("allow-delete=yes", "-o allow-delete takes no value"),
            ("cache-size", "-o cache-size needs a value"),
            ("cache-size=", "-o cache-size needs a value"),
            ("read_ahead_kb=1M", "-o read_ahead_kb takes a number of KiB, not 1M"),
            ("remount,ro", "-o remount: options can't be changed"),
            (#"log-file="/a"#, "a quotation mark is missing"),
            ("uid=nobody-of-this-name", "no such user"),
            ("gid=no-group-of-this-name", "no such user or group"),
            ("access_token=5ec5e7", "a token in an option can be seen by everybody"),
            ("token=5ec5e7", "a token in an option can be seen by everybody"),
        ]
    )
    func refused(options: String, reason: String) async throws {
        let result = try await check("-o", options)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("mount.basespacefs: "))
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(!result.errors.contains("5ec5e7"))
    }

    @Test("With -s what is not known is ignored")
    func sloppy() async throws {
        let result = try await check("-s", "-o", "bogus=5ec5e7,ro")
        #expect(result.status == 0)
        #expect(result.output.contains("ignoring unknown option bogus\n"))
        #expect(result.output.contains("basespacefs mount -o ro,fsname=lab -- "))
    }

    @Test("A call that can't be understood ends with 1, a directory that can't be used with 32")
    func calls() async throws {
        #expect(try await Shell.run(["sh", helper.string, "lab"]).status == 1)
        #expect(try await check("-N", "/proc/1/ns/mnt").status == 1)
        #expect(try await check("-x").errors == "mount.basespacefs: unknown option -x\n")
        #expect(try await check("more").status == 1)
        let missing = try await Shell.run(["sh", helper.string, "lab", "/nowhere/at/all", "-f"])
        #expect(missing.status == 32)
        #expect(missing.errors.contains("/nowhere/at/all can't be used"))
    }

    @Test("The program's failure is told by mount's own exit statuses", arguments: [(1, 32), (64, 1), (0, 0)])
    func statuses(programs: Int, mounts: Int) async throws {
        let program = try directory.write(Array("#!/bin/sh\nexit \(programs)\n".utf8), to: "program")
        chmod(program.string, 0o755)
        let text = try MountHelper.script(program: program.string)
        // The answer of root's call is that of `whoami`; what follows it mounts.
        let changed = text.replacing("me=$(id -u)", with: "me=1")
        let script = try directory.write(Array(changed.utf8), to: "helper")
        let result = try await Shell.run(["sh", script.string, "lab", directory.path.string])
        #expect(result.status == Int32(mounts))
    }

    @Test("The program takes over nothing but /dev/fuse")
    func notADevice() async throws {
        let result = try await Shell.run(
            [BuiltProducts.path(of: "basespacefs"), "mount", "--foreground", "--mounted", directory.path.string]
        )
        #expect(result.status == 64)
        #expect(result.errors == "basespacefs: --mounted: standard input is not /dev/fuse\n")
    }

    @Test("A program that is missing is a system error")
    func noProgram() async throws {
        let text = try MountHelper.script(program: "/nowhere/basespacefs")
        let script = try directory.write(Array(text.utf8), to: "helper")
        let result = try await Shell.run(["sh", script.string, "lab", directory.path.string])
        #expect(result.status == 2)
        #expect(result.errors.contains("there is no /nowhere/basespacefs"))
    }
}

/// The helper's file.
enum MountHelper {
    /// The root of the sources.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The script as `make install` writes it for a program in another place.
    static func script(program: String) throws -> String {
        let text = try String(contentsOf: root.appending(path: "mount-helper/mount.basespacefs"), encoding: .utf8)
        return text.replacing("\nprogram=/usr/bin/basespacefs\n", with: "\nprogram=\(program)\n")
    }
}
