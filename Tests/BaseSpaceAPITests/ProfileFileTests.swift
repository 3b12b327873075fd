import Foundation
import HTTPTransport
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceAPI

@Suite("Profiles on disk")
struct ProfileFileTests {
    private let home: TemporaryDirectory
    private let token: AccessToken
    private let server: HTTPURL

    init() throws {
        home = try TemporaryDirectory(prefix: "profiles")
        token = try AccessToken("aaaa1111")
        server = try HTTPURL("https://api.euc1.example")
    }

    private var directory: FilePath { home.file(".basespace") }

    private func file(_ name: String? = nil, home: FilePath? = nil) throws -> ProfileFile {
        try ProfileFile(name, environment: ["HOME": (home ?? self.home.path).string])
    }

    private func mode(_ path: FilePath) -> mode_t {
        var status = stat()
        return lstat(path.string, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func text(_ path: FilePath) throws -> String { try String(contentsOfFile: path.string, encoding: .utf8) }

    private func failure(_ body: () throws -> Void) throws -> String {
        let error = #expect(throws: CredentialsError.self) { try body() }
        let line = try #require(error?.description)
        #expect(!line.contains("\n") && !line.contains("aaaa1111"))
        return line
    }

    @Test("A login makes directory and file, for this user alone, whatever the umask")
    func made() throws {
        let mask = umask(0o277)
        defer { umask(mask) }
        let file = try file("eu.cfg")
        try? FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: false)
        chmod(directory.string, 0o700)
        try file.logIn(server: server, token: token)
        #expect(mode(file.path) == 0o600)
        #expect(file.name == "eu" && file.title == "profile eu" && file.path == directory.appending("eu.cfg"))
        #expect(
            try text(file.path) == "[DEFAULT]\napiServer   = https://api.euc1.example\naccessToken = aaaa1111\n"
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.string) == ["eu.cfg"])
        let credentials = try #require(try file.credentials())
        #expect(credentials.token == token && credentials.server == server)
    }

    @Test("The directory is this user's alone")
    func madeDirectory() throws {
        try file().logIn(server: server, token: token)
        #expect(mode(directory) == 0o700)
    }

    @Test("What others wrote stays, also how they wrote the same server")
    func kept() throws {
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        let path = directory.appending("default.cfg")
        let before = "# lab\n[DEFAULT]\napiServer = api.euc1.example/ ; theirs\naccessToken = old\n[BSFS]\na = b\n"
        try before.write(toFile: path.string, atomically: false, encoding: .utf8)
        chmod(path.string, 0o600)
        try file().logIn(server: server, token: token)
        #expect(try text(path) == before.replacing("old", with: "aaaa1111"))
        try file().logIn(server: HTTPURL("https://api.example"), token: token)
        #expect(try text(path).contains("apiServer = https://api.example ; theirs\n"))
        #expect(try file().logOut())
        #expect(try text(path).contains("accessToken") == false)
        #expect(try file().logOut() == false)
        #expect(try file().credentials() == nil)
    }

    @Test("An empty token is none: nothing is removed and nothing is written")
    func emptyToken() throws {
        let text = "[DEFAULT]\naccessToken =\n"
        let path = try home.write(text.utf8, to: "x")
        chmod(path.string, 0o600)
        #expect(try file(path.string).logOut() == false)
        #expect(try self.text(path) == text)
        try "accessToken = old\naccessToken =\n".write(toFile: path.string, atomically: false, encoding: .utf8)
        #expect(try file(path.string).logOut(), "a secret in a line that does not count")
        #expect(try self.text(path) == "")
    }

    @Test("What root makes in a user's home is the user's", .enabled(if: geteuid() == 0))
    func owners() throws {
        try #require(chown(home.path.string, 65534, 65534) == 0)
        try file().logIn(server: server, token: token)
        for path in [directory, directory.appending("default.cfg")] {
            var status = stat()
            try #require(lstat(path.string, &status) == 0)
            #expect(status.st_uid == 65534 && status.st_gid == 65534, "\(path)")
        }
    }

    @Test("A symbolic link stays, and what it leads to is written, also when that is not there yet")
    func link() throws {
        for name in ["there", "new"] {
            let target = home.file(name)
            if name == "there" {
                try home.write("# mine\n".utf8, to: name)
                chmod(target.string, 0o600)
            }
            let link = home.file("\(name)-link")
            try #require(symlink(name, link.string) == 0)
            try file(link.string).logIn(server: server, token: token)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.string) == name)
            #expect(mode(target) == 0o600)
            #expect(try text(target).contains("accessToken = aaaa1111\n"))
        }
        #expect(try text(home.file("there")).hasPrefix("# mine\n"))
        let loop = home.file("loop")
        try #require(symlink("loop", loop.string) == 0)
        #expect(try failure { try file(loop.string).logIn(server: server, token: token) }.contains("loop"))
    }

    @Test("A file that others can read is refused, and one that is no profile is not touched")
    func refused() throws {
        let path = try home.write("[DEFAULT]\nnonsense\n".utf8, to: "x")
        chmod(path.string, 0o644)
        #expect(try failure { try file(path.string).logIn(server: server, token: token) }.contains("chmod 600"))
        chmod(path.string, 0o600)
        #expect(try failure { try file(path.string).logIn(server: server, token: token) }.contains(", line 2: "))
        #expect(try text(path) == "[DEFAULT]\nnonsense\n")
        let odd = try AccessToken("aaaa1111#;")
        #expect(try failure { try file().logIn(server: server, token: odd) }.contains("--access-token-file"))
        #expect(!FileManager.default.fileExists(atPath: directory.string))
    }

    @Test("A disk that is full or read-only leaves the old file", .enabled(if: SmallDisk.isAvailable))
    func disks() throws {
        let disk = try SmallDisk(bytes: 64 << 10)
        let file = try file("\(disk.path)/x.cfg")
        try file.logIn(server: server, token: AccessToken("old1"))
        let before = try text(file.path)
        let ballast = disk.path.appending("ballast")
        let descriptor = open(ballast.string, O_WRONLY | O_CREAT, 0o600)
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(descriptor, bytes, bytes.count) > 0 {}
        close(descriptor)
        #expect(try failure { try file.logIn(server: server, token: token) }.contains("No space left on device"))
        #expect(try text(file.path) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path.string).sorted() == ["ballast", "x.cfg"])

        try disk.makeReadOnly()
        #expect(try failure { try file.logIn(server: server, token: token) }.contains("Read-only file system"))
        #expect(try failure { _ = try file.logOut() }.contains("nothing was changed"))
        #expect(try text(file.path) == before)
        let fresh = try self.file(nil, home: disk.path)
        #expect(
            try failure { try fresh.logIn(server: server, token: token) }.contains("can't make \(disk.path)/.basespace")
        )
    }

    @Test("The app for logging in may be in the profile")
    func app() throws {
        let path = try home.write("clientKey = k1\nclientSecret = 's1'\n".utf8, to: "app")
        chmod(path.string, 0o600)
        let content = try file(path.string).content()
        #expect(content.clientID == "k1" && content.clientSecret == Secret("s1") && !content.hasToken)
    }
}
