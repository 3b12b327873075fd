"""The same file again: from the disk cache, from the page cache."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from harness import machine, mounts, processes
from harness.environment import Environment
from harness.measure import Case, Sample, at_least, at_most

from .sequential import FILE, FOLDER, rate, read_through

# What is cached is on the disk, vouched for, and in the page cache after less than this.
PAUSE_SECONDS = 3


@contextlib.contextmanager
def filled(bench: Environment, mount) -> Iterator[Path]:
    """A cache directory after a mount that read the file through and ended."""
    cache = bench.run / "filled-cache"
    try:
        with mount(bench, bench.objects.unshaped, cache=cache) as first:
            read_through(first.file(FOLDER, FILE))
        machine.settle()
        yield cache
    finally:
        shutil.rmtree(cache, ignore_errors=True)


@contextlib.contextmanager
def local_copy(bench: Environment) -> Iterator[Path]:
    """The same bytes in a file of the disk that the caches are on."""
    copy = bench.run / "local.bin"
    try:
        shutil.copy(bench.root / FOLDER / FILE, copy)
        machine.settle()
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def remounted(mount, prepare=lambda cache: None):
    """Reads with a filled cache and a mount of its own."""

    def run(bench: Environment) -> Sample:
        store = bench.objects.unshaped
        with filled(bench, mount) as cache:
            prepare(cache)
            with mount(bench, store, cache=cache) as again:
                path = again.file(FOLDER, FILE)
                traffic, cpu = store.traffic(), again.process.cpu_seconds()
                seconds = read_through(path)
                gets = (store.traffic() - traffic).gets
                return {**rate(seconds), "CPU s/GiB": again.process.cpu_seconds() - cpu, "GETs": gets}

    return run


def rclone_full(bench: Environment, store, cache: Path):
    return mounts.rclone(bench, store, ["--vfs-cache-mode", "full"], cache=cache)


def bring_in(directory: Path) -> None:
    """Reads all files of a directory, so that the kernel has them."""
    files = [Path(parent, name) for parent, _, names in os.walk(directory) for name in names]
    processes.timed("cat", *files)


def local_cold(bench: Environment) -> Sample:
    with local_copy(bench) as copy:
        return rate(read_through(copy))


def local_warm(bench: Environment) -> Sample:
    with local_copy(bench) as copy:
        read_through(copy)
        return {**rate(read_through(copy)), "READs": 0}


def local_brought_in(bench: Environment) -> Sample:
    """A file that the kernel has just read from the disk and no processor has looked at: what a second read meets."""
    with local_copy(bench) as copy:
        time.sleep(PAUSE_SECONDS)
        with copy.open("rb") as file, open("/dev/null", "wb") as nowhere:
            offset = 0
            while sent := os.sendfile(nowhere.fileno(), file.fileno(), offset, 1 << 20):
                offset += sent
        return {**rate(read_through(copy)), "READs": 0}


def again(pause_seconds: float):
    """The same file a second time on the same mount, this long after the first."""

    def run(bench: Environment) -> Sample:
        with mounts.basespacefs(bench, bench.objects.unshaped) as mount:
            path = mount.file(FOLDER, FILE)
            read_through(path)
            time.sleep(pause_seconds)
            calls = mount.process.requests()
            seconds = read_through(path)
            return {**rate(seconds), "READs": mount.process.requests() - calls}

    return run


CASES = [
    Case(
        "warm",
        "1 GiB from the disk cache after a remount, nothing in the kernel",
        frozenset({FOLDER}),
        {
            "basespacefs": remounted(mounts.basespacefs),
            "local disk": local_cold,
            "rclone, cache mode full": remounted(rclone_full),
        },
        (
            at_least(0.9, "MB/s", "local disk"),
            at_least(2, "MB/s", "rclone, cache mode full"),
            at_most(0, "GETs"),
        ),
    ),
    Case(
        "warm-page-cache",
        "1 GiB from the disk cache after a remount, the cache's file in the kernel's page cache",
        frozenset({FOLDER}),
        {
            "basespacefs": remounted(mounts.basespacefs, bring_in),
            "local page cache": local_warm,
        },
        (at_least(0.9, "MB/s", "local page cache"), at_most(0, "GETs")),
    ),
    Case(
        "second-read",
        f"1 GiB a second time on the same mount, {PAUSE_SECONDS} s later and at once",
        frozenset({FOLDER}),
        {
            "basespacefs": again(PAUSE_SECONDS),
            "basespacefs, at once": again(0),
            "local page cache": local_warm,
            "local, just brought in": local_brought_in,
        },
        (at_least(0.9, "MB/s", "local page cache"), at_most(10, "READs")),
    ),
]
