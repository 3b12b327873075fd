import ArgumentParser
import SystemPackage
import Testing

@testable import basespacefs

@Suite("Operands")
struct CommandParsingTests {
    private func mount(_ arguments: String...) throws -> MountCommand {
        try #require(try BaseSpaceFS.parseAsRoot(["mount"] + arguments) as? MountCommand)
    }

    @Test("One operand is the mount point, two are profile and mount point")
    func operands() throws {
        #expect(try mount("/mnt").operands == ["/mnt"])
        #expect(try mount("eu", "--read-only", "/mnt", "-f").operands == ["eu", "/mnt"])
        #expect(throws: (any Error).self) { try mount() }
        #expect(throws: (any Error).self) { try mount("a", "b", "c") }
    }

    @Test(
        "-o may stand apart, joined or several times",
        arguments: [["-o", "ro,nosuid"], ["-o", "ro", "-o", "nosuid"]]
    )
    func mountOptions(arguments: [String]) throws {
        let command = try #require(try BaseSpaceFS.parseAsRoot(["mount", "/mnt"] + arguments) as? MountCommand)
        #expect(try MountFlags(parsing: command.options.mountOptions).isReadOnly == true)
        #expect(try MountFlags(parsing: command.options.mountOptions).kernelOptions == ["nosuid"])
    }

    @Test("exec takes everything behind -- as the command, options too")
    func execCommand() throws {
        let parsed = try BaseSpaceFS.parseAsRoot(["exec", "eu", "--read-only", "--", "ls", "--read-only", "--", "-l"])
        let command = try #require(parsed as? ExecCommand)
        #expect(command.profile == "eu")
        #expect(command.options.readOnly)
        #expect(command.command == ["ls", "--read-only", "--", "-l"])
    }

    @Test("exec hands its own options to its mount, and the command's to the command")
    func execMountArguments() throws {
        let arguments = ["basespacefs", "exec", "eu", "--cache-size", "1G", "--", "ls", "--", "-l"]
        let forMount = ExecCommand.mountArguments(of: arguments, mountPoint: "/tmp/m")
        #expect(forMount == ["eu", "--cache-size", "1G", "--", "/tmp/m"])
        let mount = try #require(try BaseSpaceFS.parseAsRoot(["mount"] + forMount) as? MountCommand)
        #expect(mount.operands == ["eu", "/tmp/m"])
        #expect(mount.options.cacheSize == .gibibytes(1))
    }

    @Test("The simulator's first line names its API")
    func simulatorLine() {
        let line = "ready api=http://127.0.0.1:4711 objectstore=http://127.0.0.1:4712"
        #expect(SimulatorProcess.apiURL(in: line) == "http://127.0.0.1:4711")
        #expect(SimulatorProcess.apiURL(in: "error api=http://127.0.0.1:4711") == nil)
        #expect(SimulatorProcess.apiURL(in: "ready") == nil)
    }
}
