"""Files that are copied into an AppResult."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import clients, mounts, processes
from harness.data import GIBIBYTE, MEBIBYTE, OUTPUT_FILES, SMALL_SIZE
from harness.environment import MEMORY, Environment
from harness.measure import Case, Sample, at_least, at_most

from .sequential import FILE, FOLDER, rate

PART_SIZE = 8 * MEBIBYTE
COPIES = 8
# The daemon's default of 256 MiB for what is in flight, and 100 MiB for everything else.
MEMORY_BAR = 256 + 100
# Sequential writers: nothing is sent twice.
SENT_BAR = 1.01


def copy(bench: Environment) -> Sample:
    """cp of a large file, which returns when the service has it."""
    with mounts.uploading(bench, ["--upload-policy", "close"]) as mount:
        target = mount.new_folder()
        bench.uploads.reset()
        cpu = mount.process.cpu_seconds()
        seconds, progress = processes.watched("cp", bench.root / FOLDER / FILE, target)
        received = bench.uploads.received()
        # The first look after the part was there, so that the number is rather too large.
        begun = next((read for moment, read in progress if moment * 1000 >= received.first_part_ms), GIBIBYTE)
        return {
            **rate(seconds),
            "MiB read at first part": begun / MEBIBYTE,
            "sent / size": received.bytes / GIBIBYTE,
            "CPU s/GiB": mount.process.cpu_seconds() - cpu,
            "peak MiB": mount.process.peak_memory() / MEBIBYTE,
            "bodies": received.bodies,
        }


def copies(bench: Environment) -> Sample:
    """As many cp at the same time, from one source."""
    with mounts.uploading(bench) as mount:
        target = mount.new_folder()
        bench.uploads.reset()
        source = bench.root / FOLDER / FILE
        seconds = processes.Group([["cp", source, target / f"{number}.bin"] for number in range(COPIES)]).run()
        return {
            **rate(seconds, COPIES * GIBIBYTE),
            "peak MiB": mount.process.peak_memory() / MEBIBYTE,
            "sent / size": bench.uploads.received().bytes / (COPIES * GIBIBYTE),
        }


def tree(bench: Environment) -> Sample:
    """cp -r of small files and then `complete`, which returns when the service has them all."""
    with mounts.uploading(bench, ["--upload-policy", "background"]) as mount:
        target = mount.new_folder()
        bench.uploads.reset()
        script = 'cp -r "$1" "$2/" && echo complete > "$2/../Status"'
        seconds = processes.timed("sh", "-c", script, "sh", bench.root / "outputs", target)
        return {**files(seconds), **sent(bench)}


def files(seconds: float) -> Sample:
    return {"files/s": OUTPUT_FILES / seconds, "s": seconds}


def sent(bench: Environment) -> Sample:
    received = bench.uploads.received()
    return {"sent / size": received.bytes / (OUTPUT_FILES * SMALL_SIZE), "bodies": received.bodies}


def curls(bench: Environment) -> Sample:
    def upload(directory: Path) -> Sample:
        seconds = clients.parallel_parts(bench, bench.root / FOLDER / FILE, PART_SIZE, COPIES, directory)
        received = bench.uploads.received()
        return {**rate(seconds), "sent / size": received.bytes / GIBIBYTE, "bodies": received.bodies}

    return in_memory(bench, upload)


def posts(bench: Environment) -> Sample:
    def upload(directory: Path) -> Sample:
        return {**files(clients.serial_posts(bench, bench.root / "outputs", directory)), **sent(bench)}

    return in_memory(bench, upload)


def in_memory(bench: Environment, upload: Callable[[Path], Sample]) -> Sample:
    directory = Path(tempfile.mkdtemp(dir=MEMORY))
    try:
        bench.uploads.reset()
        return upload(directory)
    finally:
        shutil.rmtree(directory)


CASES = [
    Case(
        "upload",
        "cp of 1 GiB, policy close; 20 ms before each reply, 60 MB/s per connection",
        frozenset({FOLDER}),
        {"basespacefs": copy, "curl ×8": curls},
        (
            at_least(0.85, "MB/s", "curl ×8"),
            at_most(GIBIBYTE / MEBIBYTE / 2, "MiB read at first part"),
            at_most(SENT_BAR, "sent / size"),
        ),
    ),
    Case(
        "upload-memory",
        f"{COPIES} cp of 1 GiB at the same time, policy close; shaped",
        frozenset({FOLDER}),
        {"basespacefs": copies},
        (at_most(MEMORY_BAR, "peak MiB"), at_most(SENT_BAR, "sent / size")),
    ),
    Case(
        "upload-small-files",
        f"cp -r of {OUTPUT_FILES} files of 64 KiB, policy background, then complete; shaped",
        frozenset({"outputs"}),
        {"basespacefs": tree, "serial curl": posts},
        (at_least(6, "files/s", "serial curl"), at_most(SENT_BAR, "sent / size")),
    ),
]
