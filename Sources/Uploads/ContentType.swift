/// The media types under which files are uploaded. The service demands one and gives it back on download.
public enum ContentType {
    /// What nothing better is known for.
    public static let binary = "application/octet-stream"

    /// The type for a file's name, by its last extension in any case. Compressed files get `application/x-gzip`, as
    /// the service itself shows FASTQ and VCF files.
    public static func forName(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return binary }
        return types[name[name.index(after: dot)...].lowercased()] ?? binary
    }

    private static let types = [
        "bam": binary,
        "bai": binary,
        "cram": binary,
        "crai": binary,
        "bcf": binary,
        "csi": binary,
        "tbi": binary,
        "gz": "application/x-gzip",
        "bgz": "application/x-gzip",
        "tgz": "application/x-gzip",
        "zip": "application/zip",
        "vcf": "text/plain",
        "sam": "text/plain",
        "bed": "text/plain",
        "txt": "text/plain",
        "log": "text/plain",
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "html": "text/html",
        "htm": "text/html",
        "json": "application/json",
        "xml": "application/xml",
        "pdf": "application/pdf",
        "png": "image/png",
        "svg": "image/svg+xml",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
    ]
}
