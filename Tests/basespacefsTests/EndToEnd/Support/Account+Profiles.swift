import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport

/// The profiles in the user's home.
extension Account {
    /// Where a profile is.
    func profile(_ name: String = "default") -> FilePath { home.file(".basespace/\(name).cfg") }

    /// The token in a profile that has one.
    func token(_ name: String = "default") -> String? {
        let text = (try? String(contentsOfFile: profile(name).string, encoding: .utf8)) ?? ""
        return text.firstMatch(of: /accessToken *= *(\S+)/).map { String($0.output.1) }
    }

    /// Writes a profile as another program would.
    func writeProfile(_ text: String, _ name: String = "default") throws {
        try FileManager.default.createDirectory(
            atPath: home.file(".basespace").string,
            withIntermediateDirectories: true
        )
        try text.write(toFile: profile(name).string, atomically: false, encoding: .utf8)
        chmod(profile(name).string, 0o600)
    }

    /// Logs in with a token.
    @discardableResult
    func login(_ profile: String = "default", token: String) async throws -> ShellResult {
        try await Shell.run(
            [
                "bash", "-c", "printf '%s\\n' \"$TOKEN\" | \"$@\"", "-", BuiltProducts.path(of: "basespacefs"), "login",
                "--with-token", "--api-server", simulator.apiURL, profile,
            ],
            environment: environment.merging(["TOKEN": token]) { $1 }
        )
    }
}
