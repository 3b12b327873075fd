"""Several readers at a time."""

from pathlib import Path

from harness import mounts, processes
from harness.data import GIBIBYTE, PARTS, WIDE_FILES
from harness.environment import Environment
from harness.measure import Case, Sample, at_least, at_most

from .sequential import FILE, FOLDER, rate

PART_MEBIBYTES = (GIBIBYTE >> 20) // PARTS
# Long enough that the start does not decide; the disk cache takes all of it.
SECONDS = 15
OPEN_FILES = 1000
# The daemon's default of 256 MiB for what is in flight, and 64 MiB for everything else.
MEMORY_BAR = 256 + 64


def part_of(path: Path, number: int) -> list[str | Path]:
    """dd for a quarter of a file."""
    skip = number * PART_MEBIBYTES
    return ["dd", f"if={path}", "of=/dev/null", "bs=1M", f"count={PART_MEBIBYTES}", f"skip={skip}", "status=none"]


def one_file(bench: Environment) -> Sample:
    with mounts.basespacefs(bench, bench.objects.shaped) as mount:
        path = mount.file(FOLDER, FILE)
        return rate(processes.Group([part_of(path, number) for number in range(PARTS)]).run())


def four_files(bench: Environment) -> Sample:
    with mounts.basespacefs(bench, bench.objects.shaped) as mount:
        paths = [mount.file("parts", f"{number}.bin") for number in range(PARTS)]
        return rate(processes.Group([part_of(path, 0) for path in paths]).run())


def many_files(mount):
    def run(bench: Environment) -> Sample:
        with mount(bench, bench.objects.shaped) as mounted:
            paths = [mounted.file("wide", f"{number:02}.bin") for number in range(WIDE_FILES)]
            read = processes.load("streams", SECONDS, *paths)
            return {
                "MB/s": sum(read["bytes"]) / read["seconds"] / 1e6,
                "slowest / fastest": min(read["bytes"]) / max(read["bytes"]),
                "peak MiB": mounted.process.peak_memory() / (1 << 20),
            }

    return run


def open_files(bench: Environment) -> Sample:
    with mounts.basespacefs(bench, bench.objects.shaped) as mount:
        paths = [mount.file("small", f"{number:04}.bin") for number in range(OPEN_FILES)]
        seconds = processes.load("open", *paths)["seconds"]
        return {"s": seconds, "peak MiB": mount.process.peak_memory() / (1 << 20)}


CASES = [
    Case(
        "four-readers",
        "1 GiB by 4 readers: at different places of one file, and of 4 files; shaped",
        frozenset({FOLDER, "parts"}),
        {"basespacefs": one_file, "basespacefs, 4 files": four_files},
        (at_least(0.9, "MB/s", "basespacefs, 4 files"),),
    ),
    Case(
        "many-readers",
        f"{WIDE_FILES} sequential readers of a file of 4 GiB each, for {SECONDS} s; shaped",
        frozenset({"wide"}),
        {"basespacefs": many_files(mounts.basespacefs), "rclone": many_files(mounts.rclone)},
        (at_most(MEMORY_BAR, "peak MiB"), at_least(1 / 3, "slowest / fastest")),
    ),
    Case(
        "open-files",
        f"{OPEN_FILES} files open at a time, 4 KiB read of each; shaped",
        frozenset({"small"}),
        {"basespacefs": open_files},
        (at_most(MEMORY_BAR, "peak MiB"),),
    ),
]
