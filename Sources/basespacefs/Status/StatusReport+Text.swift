import FoundationEssentials

extension StatusReport: Report {
    /// For people: a page about one mount.
    var text: String { lines.joined(separator: "\n") }

    /// The lines of that.
    var lines: [String] { rawLines.map(\.printable) }

    private var rawLines: [String] {
        let owner = ["user \(account.id)", account.email].compactMap(\.self).joined(separator: ", ")
        return [
            "BaseSpace of \(account.name) (\(owner))" + (mountPoint.map { " on \($0)" } ?? ""),
            "Server    \(server)",
            "Process   \(pid), version \(version), for \(Self.span(uptime))",
            "",
            "Read      \(Self.bytes(read.bytes)), now \(Self.speed(read.rate)): \(sources)",
            "Fetched   \(Self.bytes(read.fetchedBytes)), now \(Self.speed(read.fetchRate)); "
                + "\(Self.bytes(read.unreadBytes)) not read" + (read.failures > 0 ? ", \(read.failures) failures" : ""),
            "Cache     \(cacheText)",
            "API       \(service.calls) calls, \(service.errors) errors"
                + (service.unauthorized > 0 ? " (the token was refused: \(service.unauthorized))" : ""),
            "Requests  \(service.requests), \(service.requestErrors) errors, \(service.retries) repeated, "
                + "on \(service.connections) connections",
            "Uploads   \(uploads.done) done, \(uploads.failed) failed; \(Self.bytes(uploads.sentBytes)) sent, "
                + "now \(Self.speed(uploads.rate)); \(backlog)",
        ] + uploadLines + sessionLines + (warnings.isEmpty ? [] : [""] + warnings.map { "Warning: \($0)" })
    }

    private var sources: String {
        """
        \(Self.bytes(read.fromMemory)) from memory, \(Self.bytes(read.fromCache)) from the cache, \
        \(Self.bytes(read.fromServer)) waited for
        """
    }

    private var cacheText: String {
        let place = cache.directory == "none" ? "in memory" : "in \(cache.directory)"
        let size = "\(Self.bytes(cache.bytes)) of \(Self.bytes(cache.limit)) \(place)"
        let hits = cache.hitRate.map { "; \(Int(($0 * 100).rounded(.down))) % of look-ups hit" } ?? ""
        return size + hits + (cache.damagedBlocks > 0 ? "; \(cache.damagedBlocks) damaged blocks" : "")
    }

    /// What is left to upload.
    var backlog: String {
        guard uploads.backlogFiles > 0 else { return "nothing left to upload" }
        return "\(UploadBacklog(files: uploads.backlogFiles, bytes: uploads.backlogBytes)) left to upload"
    }

    private var uploadLines: [String] {
        guard !uploads.active.isEmpty else { return [] }
        let rows = uploads.active.map { upload in
            Self.row(
                Self.bytes(upload.sent),
                Self.bytes(upload.total),
                Self.speed(upload.rate),
                upload.secondsLeft.map(Self.span) ?? "-",
                "\(upload.container): \(upload.path)"
            )
        }
        return ["", Self.row("SENT", "OF", "RATE", "LEFT", "PLACE")] + rows
    }

    private static func row(_ sent: String, _ total: String, _ rate: String, _ left: String, _ place: String) -> String
    {
        [sent.padded(to: 12), total.padded(to: 12), rate.padded(to: 14), left.padded(to: 12), " " + place]
            .joined(separator: " ")
    }

    private var sessionLines: [String] {
        guard !sessions.isEmpty else { return [] }
        let rows = sessions.map { session in
            let age = session.ageHours.map { "\($0) h" } ?? "-"
            return "\(age.padded(to: 12))  \((session.status ?? "-").filled(to: 15)) \(session.container)"
        }
        return ["", "\("AGE".padded(to: 12))  \("SESSION".filled(to: 15)) PLACE"] + rows
    }

    private static func bytes(_ count: some BinaryInteger) -> String {
        ByteSize(bytes: Int64(clamping: count)).approximate
    }

    private static func speed(_ rate: Double) -> String {
        "\(bytes(Int64(min(max(rate, 0), 0x1p60))))/s"
    }

    /// A time for people: `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`.
    static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds)) s"
        case ..<3_600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        default: "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
        }
    }
}
