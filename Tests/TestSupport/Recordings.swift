public import Foundation

/// Recorded replies of the live service, where a checkout of them lies beside the package; they are no part of it.
public enum Recordings {
    /// A recorded exchange: JSON with `request`, `status`, `headers` and `body`. Nil if there are no recordings here.
    ///
    /// They are looked for in `$BASESPACE_RECORDED`, else in `../shared/recorded` beside the package.
    public static func load(_ name: String) -> Data? {
        let directory =
            ProcessInfo.processInfo.environment["BASESPACE_RECORDED"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("shared/recorded")
        return try? Data(contentsOf: directory.appendingPathComponent("\(name).json"))
    }
}
