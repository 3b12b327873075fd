import Testing

@testable import RemoteFiles

@Suite struct FileFormatTests {
    @Test(
        arguments: [
            ("a.bam", ["a.bam.bai", "a.bam.csi", "a.bai", "a.csi"]),
            ("a.cram", ["a.cram.crai", "a.crai"]),
            ("a.vcf.gz", ["a.vcf.gz.tbi", "a.vcf.gz.csi", "a.tbi", "a.csi"]),
            ("a.bcf", ["a.bcf.csi", "a.csi"]),
            ("a.fastq.gz", []),
            ("a.bam.bai", []),
            ("bam", []),
        ]
    )
    func anIndexHasTheNamesThatToolsLookFor(name: String, indexes: [String]) {
        #expect(FileFormat.indexNames(of: name) == indexes)
        #expect(FileFormat.hasEndMark(name) == !indexes.isEmpty)
    }

    @Test func indexesAreKnownByTheirEndings() {
        #expect(FileFormat.isIndex("a.bam.bai") && FileFormat.isIndex("a.vcf.gz.tbi") && FileFormat.isIndex("a.fa.fai"))
        #expect(!FileFormat.isIndex("a.bam") && !FileFormat.isIndex("bai") && !FileFormat.isIndex("a.bai.gz"))
    }
}
