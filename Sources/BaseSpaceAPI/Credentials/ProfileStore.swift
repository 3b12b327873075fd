import Glibc
import SystemPackage

/// The directory of profiles, `~/.basespace`.
struct ProfileStore {
    /// The profile that is meant when none is named.
    static let standardName = "default"

    /// `~/.basespace`; `nil` when there is no home directory.
    var directory: FilePath?

    /// The store of the user whose environment this is.
    init(environment: [String: String]) {
        if let home = environment["HOME"], !home.isEmpty {
            directory = FilePath(home).appending(".basespace")
        }
    }

    /// Where a profile lies that is named `NAME`, `NAME.cfg` or by a path, and how to speak of it.
    func locate(_ profile: String) throws(CredentialsError) -> (path: FilePath, title: String) {
        if profile.contains("/") {
            return (FilePath(profile), "profile \(profile)")
        }
        let name = profile.hasSuffix(".cfg") ? String(profile.dropLast(4)) : profile
        guard !name.isEmpty, let directory else {
            throw CredentialsError("can't look for profile \(profile): HOME is not set")
        }
        return (directory.appending("\(name).cfg"), "profile \(name)")
    }

    /// The names of the profiles that exist, sorted.
    func names() -> [String] {
        guard let directory, let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = Glibc.readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".cfg"), name.utf8.count > 4 {
                names.append(String(name.dropLast(4)))
            }
        }
        return names.sorted()
    }

    /// That a profile is missing, and which ones there are.
    func missing(_ title: String, path: FilePath) -> String {
        let names = names()
        let others =
            names.isEmpty
            ? "there is none in \(directory?.string ?? "~/.basespace")"
            : "existing profiles: \(names.joined(separator: ", "))"
        return "\(title) not found at \(path) (\(others))"
    }
}
