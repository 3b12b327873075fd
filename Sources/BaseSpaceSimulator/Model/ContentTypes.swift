/// The content types that the data directory's files get; an upload names its own.
enum ContentTypes {
    private static let byExtension = [
        "txt": "text/plain", "log": "text/plain", "md": "text/plain", "csv": "text/csv", "tsv": "text/plain",
        "html": "text/html", "htm": "text/html", "json": "application/json", "xml": "application/xml",
        "gz": "application/x-gzip", "pdf": "application/pdf", "png": "image/png", "zip": "application/zip",
    ]

    static func forName(_ name: String) -> String {
        name.split(separator: ".").last.flatMap { byExtension[$0.lowercased()] } ?? "application/octet-stream"
    }
}
