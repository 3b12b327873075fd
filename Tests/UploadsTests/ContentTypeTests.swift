import Testing
import Uploads

@Suite struct ContentTypeTests {
    @Test(arguments: [
        ("a.bam", "application/octet-stream"),
        ("a.bam.bai", "application/octet-stream"),
        ("a.bcf", "application/octet-stream"),
        ("a.cram", "application/octet-stream"),
        ("a.cram.crai", "application/octet-stream"),
        ("a.vcf.gz", "application/x-gzip"),
        ("a.vcf.gz.tbi", "application/octet-stream"),
        ("a.vcf.gz.csi", "application/octet-stream"),
        ("S1_L001_R1_001.fastq.gz", "application/x-gzip"),
        ("a.genome.vcf.GZ", "application/x-gzip"),
        ("a.bgz", "application/x-gzip"),
        ("a.vcf", "text/plain"),
        ("a.txt", "text/plain"),
        ("a.LOG", "text/plain"),
        ("a.bed", "text/plain"),
        ("a.sam", "text/plain"),
        ("a.csv", "text/csv"),
        ("a.tsv", "text/tab-separated-values"),
        ("a.html", "text/html"),
        ("a.json", "application/json"),
        ("a.xml", "application/xml"),
        ("a.pdf", "application/pdf"),
        ("a.png", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.jpg", "image/jpeg"),
        ("a.zip", "application/zip"),
        ("a.unheard-of", "application/octet-stream"),
        ("Makefile", "application/octet-stream"),
        (".csv", "application/octet-stream"),
        ("csv", "application/octet-stream"),
        ("trailing.", "application/octet-stream"),
        ("", "application/octet-stream"),
    ])
    func suitsTheName(name: String, expected: String) {
        #expect(ContentType.forName(name) == expected)
    }
}
