import ArgumentParser
import BaseSpaceAPI
import Glibc
import SystemPackage

/// The options that say which account is meant.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Server of the API, when it is not the profile's.", valueName: "url"))
    var apiServer: String?

    @Option(
        help: ArgumentHelp("File with the access token, readable by you alone.", valueName: "file"),
        completion: .file()
    )
    var accessTokenFile: String?

    /// Finds server and token for a profile (`nil`: the default one).
    func credentials(profile: String?) throws -> Credentials {
        do throws(CredentialsError) {
            return try Credentials(
                resolving: Credentials.Request(
                    server: apiServer,
                    tokenFile: accessTokenFile.map { FilePath($0) },
                    profile: profile,
                    environment: ProcessEnvironment.all
                )
            )
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

/// The environment of this process.
enum ProcessEnvironment {
    /// All variables.
    static var all: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                variables[String(parts[0])] = String(parts[1])
            }
            next += 1
        }
        return variables
    }

    /// One variable; empty counts as not set.
    static func value(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
