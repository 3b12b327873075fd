#!/bin/sh
# Makes the simulator's packaged demo data in DemoData/ beside this script: simulated reads of the phage lambda, their
# alignment, variants and a report, made with the tools that made them in real life. README.md says what is needed.
#
# Every run of the same tools makes the same bytes: seeds are fixed, and no header keeps a date, a user or a path.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
genome=${1:-/usr/share/doc/bowtie2/examples/reference/lambda_virus.fa.gz}
destination=$here/DemoData
project="$destination/projects/Lambda phage: resequencing"

for tool in wgsim bwa samtools bcftools bgzip tabix gzip awk; do
    command -v "$tool" >/dev/null || {
        echo "make-demo-data: $tool is missing; see README.md for the packages" >&2
        exit 1
    }
done

# The tools write their arguments into headers, so they run in a directory of their own on short relative names.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# The reference under its RefSeq name, NC_001416.1, instead of the long one of the old database dump.
gzip -dc "$genome" | sed '1s/.*/>NC_001416.1 Enterobacteria phage lambda, complete genome/' >lambda.fa
samtools faidx lambda.fa
bwa index lambda.fa 2>/dev/null

# instrument_names NUMBER: replaces wgsim's read names, which tell where a read comes from, by the instrument's.
instrument_names() {
    awk -v mate="$1" 'NR % 4 == 1 {
        pair = (NR - 1) / 4
        printf "@M00001:1:000000000-LAMBD:1:1101:%d:%d %d:N:0:1\n", 1000 + pair % 100, 1000 + int(pair / 100), mate
        next
    } { print }'
}

# reads SAMPLE NUMBER PAIRS SEED: simulates paired reads of 100 bases with their errors and a few variants.
reads() {
    wgsim -N "$3" -1 100 -2 100 -d 350 -s 40 -e 0.005 -r 0.001 -h -S "$4" lambda.fa 1.fq 2.fq >/dev/null 2>&1
    mkdir -p "$project/samples/$1"
    for mate in 1 2; do
        instrument_names "$mate" <"$mate.fq" >"$1_S$2_L001_R${mate}_001.fastq"
        gzip -9 -n -c "$1_S$2_L001_R${mate}_001.fastq" >"$project/samples/$1/$1_S$2_L001_R${mate}_001.fastq.gz"
    done
}

rm -rf "$destination"
reads Lambda-1 1 3000 11
reads Lambda-2 2 500 12

# The alignment. Level 0 stores the blocks as they are: many bytes out of few reads, so that a region query can leave
# most of them out.
result="$project/appresults/Lambda-1 BWA"
mkdir -p "$result/variants"
bwa mem -t 1 -K 1000000 -R '@RG\tID:1\tSM:Lambda-1\tPL:ILLUMINA\tLB:Lambda-1' lambda.fa \
    Lambda-1_S1_L001_R1_001.fastq Lambda-1_S1_L001_R2_001.fastq 2>/dev/null >Lambda-1.sam
samtools sort --no-PG -@ 0 -l 0 -o Lambda-1.bam Lambda-1.sam
samtools index Lambda-1.bam
cp Lambda-1.bam Lambda-1.bam.bai "$result/"

bcftools mpileup --no-version -f lambda.fa -Ou Lambda-1.bam 2>/dev/null |
    bcftools call --no-version --ploidy 1 -mv -Oz -o "$result/variants/Lambda-1.vcf.gz"
tabix -p vcf "$result/variants/Lambda-1.vcf.gz"

{
    echo "measure,value"
    echo "reads,$(samtools view -c Lambda-1.bam)"
    echo "mapped reads,$(samtools view -c -F 4 Lambda-1.bam)"
    samtools coverage -H Lambda-1.bam | awk '{ printf "mean depth,%.1f\ncovered percent,%.2f\n", $7, $6 }'
    echo "variants,$(bcftools view -H "$result/variants/Lambda-1.vcf.gz" | wc -l | tr -d ' ')"
} >"$result/Lambda-1.summary.csv"
