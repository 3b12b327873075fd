/// What is known of how the programs of the field read files of a format, by the file's name.
///
/// It only says what to fetch a little earlier; a name that lies costs a few blocks.
public enum FileFormat {
    /// The endings of data files, and of the indexes that tools look for beside them.
    private static let indexes: [(data: String, index: [String])] = [
        (".bam", [".bai", ".csi"]),
        (".cram", [".crai"]),
        (".bcf", [".csi"]),
        (".vcf.gz", [".tbi", ".csi"]),
        (".bed.gz", [".tbi", ".csi"]),
        (".gff.gz", [".tbi", ".csi"]),
        (".gff3.gz", [".tbi", ".csi"]),
        (".gtf.gz", [".tbi", ".csi"]),
    ]

    /// Endings of files that are loaded whole before anything else is read.
    private static let loadedWhole = [".bai", ".csi", ".tbi", ".crai", ".fai", ".gzi"]

    /// The names under which the index of a data file is looked for: `x.bam.bai` and `x.bai`.
    public static func indexNames(of name: String) -> [String] {
        guard let format = indexes.first(where: { name.hasSuffix($0.data) }) else { return [] }
        let stem = String(name.dropLast(format.data.count))
        return format.index.map { name + $0 } + format.index.map { stem + $0 }
    }

    /// Whether programs read the file's end right after its head: htslib looks for the empty block that ends a BGZF file
    /// (28 bytes) and for the end container of a CRAM file (38 bytes).
    static func hasEndMark(_ name: String) -> Bool {
        indexes.contains { name.hasSuffix($0.data) }
    }

    /// Whether the file is an index, which is loaded whole.
    static func isIndex(_ name: String) -> Bool {
        loadedWhole.contains { name.hasSuffix($0) }
    }
}
