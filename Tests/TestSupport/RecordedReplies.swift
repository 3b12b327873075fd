public import Foundation

/// Replies of the live service, cleaned of what is private. They are not part of the package; tests that need them do
/// nothing where they are not there.
public enum RecordedReplies {
    /// `$BASESPACE_RECORDED`, or `../shared/recorded` beside the package.
    private static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["BASESPACE_RECORDED"] {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../shared/recorded", isDirectory: true).standardizedFileURL
    }()

    /// The names of the recordings, without `.json`.
    public static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// A recorded exchange: JSON with `request`, `status`, `headers` and `body`; `nil` when there is none of that name.
    public static func exchange(_ name: String) -> Data? {
        try? Data(contentsOf: directory.appendingPathComponent("\(name).json"))
    }

    /// Status and body of a recording; `nil` when there is none of that name.
    public static func reply(_ name: String) throws -> (status: Int, body: String)? {
        guard let data = exchange(name) else { return nil }
        let recording = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        guard let recording, let status = recording["status"] as? Int, let body = recording["body"] else { return nil }
        return (status, String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self))
    }
}
