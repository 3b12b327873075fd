"""A region of an alignment, as samtools reads it."""

import time

from harness import clients, mounts, processes
from harness.bam import region
from harness.environment import Environment
from harness.measure import Case, Sample, at_most

# Far from the start, and from each other.
FIRST, SECOND = region(400), region(150)
BAM = "reads.bam"
QUIET_SECONDS = 0.5


def count_through_mount(bench: Environment) -> Sample:
    store = bench.objects.shaped
    with mounts.basespacefs(bench, store) as mount:
        path = mount.file("alignments", BAM)
        before = store.traffic()
        start = time.monotonic()
        count = processes.output("samtools", "view", "-c", path, FIRST)
        seconds = time.monotonic() - start
        time.sleep(QUIET_SECONDS)
        first = store.traffic() - before
        start = time.monotonic()
        processes.output("samtools", "view", "-c", path, SECOND)
        second_seconds = time.monotonic() - start
        time.sleep(QUIET_SECONDS)
        second = store.traffic() - before
        return {
            "s": seconds,
            "GETs": first.gets,
            "MB served": first.bytes / 1e6,
            "2nd region s": second_seconds,
            "2nd region GETs": second.gets - first.gets,
            "records": int(count),
        }


def count_by_url(bench: Environment) -> Sample:
    """htslib fetches the index whole and reads the BAM by ranges."""
    store = bench.objects.shaped
    bam, index = (clients.content_url(store, "alignments", name) for name in (BAM, f"{BAM}.bai"))
    before = store.traffic()
    start = time.monotonic()
    # It would leave the index in the working directory, and look for it there.
    directory = bench.run / f"htslib-{time.monotonic_ns()}"
    directory.mkdir()
    count = processes.output("samtools", "view", "-c", "-X", bam, index, FIRST, cwd=directory)
    seconds = time.monotonic() - start
    time.sleep(QUIET_SECONDS)
    served = store.traffic() - before
    return {"s": seconds, "GETs": served.gets, "MB served": served.bytes / 1e6, "records": int(count)}


CASES = [
    Case(
        "region",
        "samtools view -c of 100 kb of a BAM of more than 1 GB, cold, and of a second region; shaped",
        frozenset({"alignments"}),
        {"basespacefs": count_through_mount, "htslib on the URLs": count_by_url},
        (
            at_most(5, "GETs"),
            at_most(1, "s", "htslib on the URLs"),
            at_most(1.5, "MB served", "htslib on the URLs"),
            at_most(2, "2nd region GETs"),
        ),
    ),
]
