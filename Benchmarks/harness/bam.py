"""A BAM of more than 1 GB with its index, made from the few reads of the demonstration data.

The reads lie on a genome of 48 kb. Laid end to end many times they are those of a chromosome, with the same depth
everywhere and a real index. Their qualities are all alike, which compresses to almost nothing, so the blocks are stored
as they are: a region then has about the bytes that it has in a real alignment.
"""

import subprocess
from pathlib import Path

from .processes import Failure

DEMO = Path(__file__).parents[2] / "Sources/BaseSpaceSimulator/Resources/DemoData/projects"
COPIES = 720
CHROMOSOME = "chr1"

# Prints the records once per copy, moved by a genome's length each time. Copies of a read get names of their own.
_REPEAT = """
BEGIN { FS = OFS = "\t" }
/^@SQ/ { split($3, field, ":"); length_ = field[2]; print "@SQ", "SN:" name, "LN:" length_ * copies; next }
/^@PG/ { next }
/^@/ { print; next }
$4 > 0 { records[++count] = $0 }
END {
    for (copy = 0; copy < copies; copy++) {
        for (i = 1; i <= count; i++) {
            $0 = records[i]
            $1 = $1 ":" copy
            $3 = name
            $4 += copy * length_
            if ($8 > 0) $8 += copy * length_
            print
        }
    }
}
"""


def region(copy: int, length: int = 100_000) -> str:
    """A region of 100 kb somewhere on the chromosome."""
    start = copy * 48_502
    return f"{CHROMOSOME}:{start + 1}-{start + length}"


def made_in(work: Path) -> list[Path]:
    """The BAM and its index, made if need be: a minute or two."""
    path = work / "alignments" / "reads.bam"
    index = path.with_suffix(".bam.bai")
    if not index.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        _make(next(DEMO.glob("*/appresults/*/*.bam")), partial)
        partial.rename(path)
        subprocess.run(["samtools", "index", "-@", "2", path, index], check=True)
    return [path, index]


def _make(source: Path, target: Path) -> None:
    view = subprocess.Popen(["samtools", "view", "-h", source], stdout=subprocess.PIPE)
    repeat = subprocess.Popen(
        ["awk", "-v", f"copies={COPIES}", "-v", f"name={CHROMOSOME}", _REPEAT],
        stdin=view.stdout,
        stdout=subprocess.PIPE,
    )
    write = subprocess.Popen(["samtools", "view", "-u", "-o", target, "-"], stdin=repeat.stdout)
    statuses = [process.wait() for process in (write, repeat, view)]
    if any(statuses):
        raise Failure(f"the BAM could not be made: {statuses}")
