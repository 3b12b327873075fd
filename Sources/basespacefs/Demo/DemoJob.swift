/// What the demo does in its mount: the day of an analysis, from the first look to a finished AppResult.
///
/// Each step is a line for bash, run in the project's directory, that a reader could type. `$WORK` is a directory outside
/// the mount.
struct DemoJob {
    /// One command.
    struct Step {
        /// What it is for.
        var purpose: String
        /// The line for bash.
        var command: String
        /// The tool without which it can't be run, and the Debian package it comes in.
        var tool: String?
    }

    /// The project that the simulator comes with.
    static let project = "Projects/Lambda phage: resequencing"

    /// The steps in the mount's root.
    static let arrival: [Step] = [
        Step(purpose: "BaseSpace is a directory", command: "ls Projects")
    ]

    /// The steps in the project.
    static let steps: [Step] = [
        Step(
            purpose: "What is in the project",
            command: "ls Samples AppResults"
        ),
        Step(
            purpose: "samtools reads a BAM in place",
            command: "samtools view -H 'AppResults/Lambda-1 BWA/Files/Lambda-1.bam' | head -n 4",
            tool: "samtools"
        ),
        Step(
            purpose: "A region: only the bytes that the index points at are fetched",
            command: "samtools view -c 'AppResults/Lambda-1 BWA/Files/Lambda-1.bam' NC_001416.1:20000-21000",
            tool: "samtools"
        ),
        Step(
            purpose: "The same for an indexed VCF",
            command:
                "bcftools view -H -r NC_001416.1:1-5000 'AppResults/Lambda-1 BWA/Files/variants/Lambda-1.vcf.gz' | cut -f 1-6",
            tool: "bcftools"
        ),
        Step(
            purpose: "The first reads of a FASTQ",
            command: "zcat Samples/Lambda-1/Files/Lambda-1_S1_L001_R1_001.fastq.gz | head -n 4"
        ),
        Step(
            purpose: "A result of our own: the better variants",
            command:
                "zcat 'AppResults/Lambda-1 BWA/Files/variants/Lambda-1.vcf.gz' | awk '/^#/ || $6 >= 200' | gzip -n > \"$WORK/better.vcf.gz\""
        ),
        Step(
            purpose: "A directory is a new AppResult",
            command: "mkdir 'AppResults/Lambda-1 better variants'"
        ),
        Step(
            purpose: "A copy is an upload",
            command: "cp \"$WORK/better.vcf.gz\" 'AppResults/Lambda-1 better variants/Files/'"
        ),
        Step(
            purpose: "It reads back as it was written",
            command: "md5sum \"$WORK/better.vcf.gz\" 'AppResults/Lambda-1 better variants/Files/better.vcf.gz'"
        ),
        Step(
            purpose: "One word finishes the analysis",
            command: "echo complete > 'AppResults/Lambda-1 better variants/Status'"
        ),
        Step(
            purpose: "From now on it can't be changed any more",
            command: "cat 'AppResults/Lambda-1 better variants/Status'"
        ),
    ]
}
