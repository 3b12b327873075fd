"""A file of 1 GiB, read from its start to its end for the first time."""

import time
from pathlib import Path

from harness import clients, mounts, processes
from harness.data import GIBIBYTE
from harness.environment import Environment
from harness.measure import Case, Sample, at_least, at_most
from harness.mounts import Mount
from harness.objectstore import ObjectStore, Store

FOLDER, FILE = "sequential", "1G.bin"

RCLONE_STREAMS = ["--vfs-read-chunk-streams", "16", "--vfs-read-chunk-size", "4M"]


def read_through(path: Path) -> float:
    """Seconds that dd takes for a file."""
    return processes.timed("dd", f"if={path}", "of=/dev/null", "bs=1M", "status=none")


def rate(seconds: float, size: int = GIBIBYTE) -> Sample:
    return {"MB/s": size / seconds / 1e6}


def through(mount: Mount, store: Store) -> Sample:
    """Reads the file on a mount, and what that cost its process and the object store."""
    path = mount.file(FOLDER, FILE)
    traffic, cpu = store.traffic(), mount.process.cpu_seconds()
    seconds = read_through(path)
    # What the daemon still writes to its cache belongs to the read.
    time.sleep(1)
    served = store.traffic() - traffic
    return {
        **rate(seconds),
        "CPU s/GiB": mount.process.cpu_seconds() - cpu,
        "peak MiB": mount.process.peak_memory() / (1 << 20),
        "GETs": served.gets,
        "MB served": served.bytes / 1e6,
    }


def cold(shape: str):
    """The contenders against one of the stores."""

    def store(bench: Environment) -> Store:
        objects: ObjectStore = bench.objects
        return objects.shaped if shape == "shaped" else objects.unshaped

    def own(bench: Environment) -> Sample:
        with mounts.basespacefs(bench, store(bench)) as mount:
            return through(mount, store(bench))

    def rclone(*options: str):
        def run(bench: Environment) -> Sample:
            with mounts.rclone(bench, store(bench), options) as mount:
                return through(mount, store(bench))

        return run

    def httpdirfs(bench: Environment) -> Sample:
        with mounts.httpdirfs(bench, store(bench)) as mount:
            return through(mount, store(bench))

    def curl(count: int):
        return lambda bench: rate(clients.parallel_curls(store(bench), FOLDER, FILE, GIBIBYTE, count))

    return {
        "basespacefs": own,
        "curl ×8": curl(8),
        "curl ×16": curl(16),
        "rclone, 16 streams": rclone(*RCLONE_STREAMS),
        "rclone": rclone(),
        "httpdirfs": httpdirfs,
    }


CASES = [
    Case(
        "sequential-shaped",
        "1 GiB read through, cold; 20 ms to the first byte, 60 MB/s per connection",
        frozenset({FOLDER}),
        cold("shaped"),
        (
            at_least(1.0, "MB/s", "curl ×16"),
            at_least(2.5, "MB/s", "rclone, 16 streams"),
            at_least(10, "MB/s", "rclone"),
            at_most(1.5, "CPU s/GiB"),
        ),
    ),
    Case(
        "sequential-unshaped",
        "1 GiB read through, cold; the line as fast as the machine",
        frozenset({FOLDER}),
        cold("unshaped"),
        (
            at_least(0.6, "MB/s", "curl ×16"),
            at_least(2, "MB/s", "rclone, 16 streams"),
            at_most(1.5, "CPU s/GiB"),
        ),
    ),
]
