import ArgumentParser
import Glibc

/// What a shell offers where a profile may stand. It runs this program to ask.
enum ProfileCompletion {
    /// The profiles of the user, by name.
    static let profiles = CompletionKind.custom { _, _, _ in names() }

    /// The operands of `mount`: first a profile or the mount point, then the mount point.
    static let profilesAndDirectories = CompletionKind.custom { _, _, prefix in
        (prefix.contains("/") ? [] : names()) + directories(prefix)
    }

    private static func names() -> [String] {
        guard let home = ProcessEnvironment.value("HOME") else { return [] }
        return ProcFiles.names(in: "\(home)/.basespace").filter { $0.hasSuffix(".cfg") && $0.utf8.count > 4 }
            .map { String($0.dropLast(4)) }.sorted()
    }

    /// The directories that begin with what is typed, with a slash behind them; not those whose names begin with a dot.
    private static func directories(_ prefix: String) -> [String] {
        let parent = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        let home = ProcessEnvironment.value("HOME") ?? "~"
        let path = parent.isEmpty ? "./" : parent.hasPrefix("~/") ? home + parent.dropFirst() : parent
        return ProcFiles.names(in: path)
            .filter { name in
                var status = stat()
                return name.hasPrefix(prefix.dropFirst(parent.count)) && stat("\(path)\(name)", &status) == 0
                    && status.st_mode & S_IFMT == S_IFDIR
            }
            .map { "\(parent)\($0)/" }.sorted()
    }
}
