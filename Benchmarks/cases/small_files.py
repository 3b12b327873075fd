"""A directory of small files, copied as it is."""

import shutil
import tempfile
from pathlib import Path

from harness import clients, mounts, processes
from harness.data import SMALL_FILES
from harness.environment import MEMORY, Environment
from harness.measure import Case, Sample, at_least


def copied(mount):
    """cp -r of the whole directory, its listing included."""

    def run(bench: Environment) -> Sample:
        store = bench.objects.shaped
        with mount(bench, store) as mounted, tempfile.TemporaryDirectory(dir=bench.root.parent) as target:
            before = store.traffic()
            seconds = processes.timed("cp", "-r", mounted.folder("small"), Path(target, "copy"))
            served = store.traffic() - before
            return {"files/s": SMALL_FILES / seconds, "s": seconds, "GETs": served.gets}

    return run


def serial_curl(bench: Environment) -> Sample:
    store = bench.objects.shaped
    directory = Path(tempfile.mkdtemp(dir=MEMORY))
    try:
        before = store.traffic()
        seconds = clients.serial_curl(bench, store, "small", directory)
        return {"files/s": SMALL_FILES / seconds, "s": seconds, "GETs": (store.traffic() - before).gets}
    finally:
        shutil.rmtree(directory)


CASES = [
    Case(
        "small-files",
        f"cp -r of {SMALL_FILES} files of 64 KiB, cold; shaped",
        frozenset({"small"}),
        {"basespacefs": copied(mounts.basespacefs), "serial curl": serial_curl, "rclone": copied(mounts.rclone)},
        (at_least(8, "files/s", "serial curl"),),
    ),
]
