import BaseSpaceAPI
import FUSEAdapter
import HTTPTransport
import SystemPackage

/// The mounts that the inputs of a launch are in. What is sent of an input is its id, and that names something else, or
/// nothing, at another server; another account may not see it.
struct LaunchMounts {
    /// What starts the app.
    let client: BaseSpaceClient
    let credentials: Credentials

    /// As `status` waits for a mount.
    private static let patience = Duration.seconds(5)

    /// Makes sure that inputs are of the account that starts the app. Each mount is asked once, and the service only if
    /// there is one.
    func check(_ places: [LaunchInput.Place]) throws(CommandFailure) {
        let mounts = try mounts(of: places)
        guard !mounts.isEmpty else { return }
        var known: [(place: LaunchInput.Place, report: StatusReport)] = []
        for (mount, answer) in zip(mounts, StatusReader(patience: Self.patience).ask(mounts.map(\.entry))) {
            switch answer {
            case .status(_, let report):
                guard isServer(report.server) else {
                    throw refusal(of: mount.place, report, start: "at \(credentials.server)")
                }
                known.append((mount.place, report))
            case .problem(let words):
                throw CommandFailure(
                    "whose '\(mount.place.path)' is can't be found out; give \(mount.place.entity.word) instead "
                        + "(the mount on \(mount.entry.mountPoint): \(words))"
                )
            }
        }
        let user = try Account.user(of: client, credentials)
        for (place, report) in known where report.account.id != user.id.rawValue {
            throw refusal(of: place, report, start: "as \(user.name) (user \(user.id))")
        }
    }

    /// The mounts, each with the first of the places in it.
    private func mounts(
        of places: [LaunchInput.Place]
    ) throws(CommandFailure) -> [(entry: MountTable.Entry, place: LaunchInput.Place)] {
        guard !places.isEmpty else { return [] }
        let all = BaseSpaceMounts.current()
        var found: [(entry: MountTable.Entry, place: LaunchInput.Place)] = []
        for place in places {
            // A copy on a disk may have the attributes of what it was copied from.
            guard let entry = all.mount(of: place.path) else {
                throw CommandFailure("'\(place.path)' is in no mount of basespacefs")
            }
            if !found.contains(where: { $0.entry == entry }) { found.append((entry, place)) }
        }
        return found
    }

    private func isServer(_ text: String) -> Bool {
        guard let server = try? HTTPURL(text) else { return false }
        return server.hasSameOrigin(as: credentials.server) && server.path == credentials.server.path
    }

    private func refusal(of place: LaunchInput.Place, _ report: StatusReport, start: String) -> CommandFailure {
        let line =
            "'\(place.path)' is in a mount of \(report.server) (user \(report.account.id)), and this starts the app "
            + "\(start): give the --profile, or --api-server and --access-token-file, of that account"
        // Names and mounts may be others'.
        return CommandFailure(line.printable)
    }
}

extension EntityReference {
    /// As an option of `launch` names it: `sample:17`.
    fileprivate var word: String { "\(kind.rawValue):\(id)" }
}
