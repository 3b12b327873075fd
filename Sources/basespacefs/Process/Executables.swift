import Glibc
import SystemPackage

/// Where this program and its helpers lie.
enum Executables {
    /// The file of this program.
    static var own: FilePath {
        FilePath(ProcFiles.target(of: "/proc/self/exe") ?? CommandLine.arguments[0])
    }

    /// A program that comes with this one: beside it (a build directory), in `../libexec/basespacefs` (an
    /// installation) or in `PATH`.
    static func find(_ name: String) -> FilePath? {
        let directory = own.removingLastComponent()
        let near = [directory, directory.removingLastComponent().appending("libexec/basespacefs")]
        let inPath = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").map { FilePath(String($0)) }
        return (near + inPath).map { $0.appending(name) }.first { access($0.string, X_OK) == 0 }
    }

    /// Whether a program is in `PATH`.
    static func isInstalled(_ name: String) -> Bool {
        (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").contains { directory in
            access(FilePath(String(directory)).appending(name).string, X_OK) == 0
        }
    }
}
