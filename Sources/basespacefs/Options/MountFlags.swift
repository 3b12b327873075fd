/// What `-o` says, in the words of mount(8).
///
/// Some words are options of this program under another name (`ro`, `uid=`, `listmeta`), some go to the kernel as they are
/// (`nosuid`), some matter to `mount` or to /etc/fstab only and mean nothing here (`_netdev`). Every other word is
/// refused by name: a misspelt option must not be lost in silence.
struct MountFlags: Equatable {
    /// `ro` or `rw`, the last of them; `nil` when neither was given.
    var isReadOnly: Bool?
    /// `allow_other`.
    var allowsOthers = false
    /// `allow_root`.
    var allowsRoot = false
    /// `uid=N`.
    var uid: UInt32?
    /// `gid=N`.
    var gid: UInt32?
    /// `fsname=NAME`: what `df` and tables of mounts show as the source.
    var source: String?
    /// `listmeta`: listings show the files that begin with a dot.
    var listsMetadata = false
    /// Words for libfuse and the kernel, in the order given, each once.
    var kernelOptions: [String] = []

    /// A word that is not understood, or has a wrong value.
    struct Problem: Error, Equatable, CustomStringConvertible {
        /// One line that names the word.
        var description: String
    }

    /// No flags.
    init() {}

    /// Reads the values of all `-o`, each a list separated by commas.
    init(parsing lists: [String]) throws(Problem) {
        for list in lists {
            for word in list.split(separator: ",") {
                try add(String(word))
            }
        }
        if allowsOthers, allowsRoot {
            throw Problem(description: "-o: allow_other and allow_root exclude each other")
        }
    }

    /// Words that the kernel understands. libfuse maps each of them to a flag of mount(2), or keeps it for itself.
    private static let passedOn: Set<String> = [
        "default_permissions", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync", "atime",
        "noatime", "nodiratime",
    ]

    /// Words of /etc/fstab that are done with when this program runs, and `relatime`, which is the kernel's default.
    private static let ignored: Set<String> = [
        "defaults", "_netdev", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "relatime",
    ]

    private mutating func add(_ word: String) throws(Problem) {
        switch word {
        case "ro": isReadOnly = true
        case "rw": isReadOnly = false
        case "allow_other": allowsOthers = true
        case "allow_root": allowsRoot = true
        case "listmeta": listsMetadata = true
        case _ where word.hasPrefix("uid="): uid = try Self.id(word)
        case _ where word.hasPrefix("gid="): gid = try Self.id(word)
        case _ where word.hasPrefix("fsname=") && word.count > "fsname=".count:
            source = String(word.dropFirst("fsname=".count))
        case _ where Self.passedOn.contains(word):
            if !kernelOptions.contains(word) {
                kernelOptions.append(word)
            }
        case _ where Self.ignored.contains(word) || word.hasPrefix("x-") || word.hasPrefix("comment="):
            break
        default:
            throw Problem(description: "-o: unknown option \(word)")
        }
    }

    private static func id(_ word: String) throws(Problem) -> UInt32 {
        guard let value = UInt32(word.dropFirst(4)) else {
            throw Problem(description: "-o: \(word.prefix(3)) takes a number, not \(word.dropFirst(4))")
        }
        return value
    }
}
