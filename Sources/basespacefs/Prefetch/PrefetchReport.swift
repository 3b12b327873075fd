/// What `prefetch` tells in the end. The manual lists its keys.
struct PrefetchReport: Report, Equatable {
    /// Something that was asked for and could not be had.
    struct Failure: Encodable, Equatable, Sendable {
        var path: String
        var problem: String
    }

    /// Files that were asked for, and their bytes.
    var files = 0
    var bytes: Int64 = 0
    /// Files of them that were whole in the cache before, and their bytes.
    var filesBefore = 0
    var bytesBefore: Int64 = 0
    /// Files of them that are whole in the cache now.
    var filesCached = 0
    /// Bytes of all of them that are in the cache now.
    var bytesCached: Int64 = 0
    /// Bytes that were read from the mount.
    var bytesRead: Int64 = 0
    /// What it took.
    var seconds: Double = 0
    var failures: [Failure] = []
    /// False after an interruption.
    var complete = true

    var text: String {
        guard complete else {
            return "Interrupted: \(filesCached) of \(Self.count(files)), \(Self.size(bytesCached)) of "
                + "\(Self.size(bytes)), are in the cache and stay there."
        }
        let before = filesBefore > 0 ? " (\(filesBefore) from before)" : ""
        let rate = seconds > 0 ? ", \(Self.size(Int64(Double(bytesRead) / seconds)))/s" : ""
        let took = bytesRead > 0 ? "; read \(Self.size(bytesRead)) in \(Self.seconds(seconds))\(rate)" : ""
        return "In the cache: \(filesCached) of \(Self.count(files)), \(Self.size(bytesCached))\(before)\(took)."
    }

    /// Why it is not all that was asked for, in a line; `nil` when it is.
    var problem: String? {
        if !failures.isEmpty {
            return "\(failures.count) of what was asked for could not be cached"
                + "; the lines above say why, and the same command tries again"
        }
        if filesCached < files {
            return
                "\(Self.count(files - filesCached)) did not stay in the cache whole: its disk is full, or others pushed "
                + "them out (see: basespacefs cache info)"
        }
        return nil
    }

    private static func count(_ files: Int) -> String { "\(files) file\(files == 1 ? "" : "s")" }

    private static func size(_ bytes: Int64) -> String { ByteSize(bytes: bytes).approximate }

    private static func seconds(_ seconds: Double) -> String {
        seconds < 10 ? "\(Double(Int(seconds * 10)) / 10) s" : StatusReport.span(Int64(seconds))
    }
}
