import SystemPackage

/// Who keeps a mount busy.
struct MountHolder: Equatable, CustomStringConvertible {
    /// The process.
    var pid: Int
    /// Its program.
    var name: String
    /// What it holds, as a path.
    var path: String

    var description: String { "\(name) (pid \(pid)) holds \(path)" }

    /// The processes that have a file or directory under a mount point open, that work in one or run from one. Those
    /// of other users can't be looked at, except by root.
    static func all(under mountPoint: FilePath) -> [MountHolder] {
        let pids = ProcFiles.names(in: "/proc").compactMap { Int($0) }.sorted()
        return pids.compactMap { pid in
            guard let path = heldPath(pid: pid, under: mountPoint.string) else { return nil }
            let name = ProcFiles.text("/proc/\(pid)/comm") ?? "?"
            return MountHolder(pid: pid, name: String(name.prefix { $0 != "\n" }), path: path)
        }
    }

    private static func heldPath(pid: Int, under mountPoint: String) -> String? {
        func isUnder(_ path: String) -> Bool {
            path == mountPoint || path.hasPrefix(mountPoint + "/")
        }
        let process = "/proc/\(pid)"
        let links = ["cwd", "root", "exe"] + ProcFiles.names(in: "\(process)/fd").map { "fd/\($0)" }
        if let path = links.lazy.compactMap({ ProcFiles.target(of: "\(process)/\($0)") }).first(where: isUnder) {
            return path
        }
        // A mapped file stays in use when its descriptor is closed.
        let maps = ProcFiles.text("\(process)/maps") ?? ""
        return maps.split(separator: "\n").lazy
            .compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
            .first(where: isUnder)
    }
}
