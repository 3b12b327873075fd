"""Small reads here and there."""

import random
import statistics
import time

from harness import clients, mounts, processes
from harness.data import GIBIBYTE, TEBIBYTE
from harness.environment import Environment
from harness.measure import Case, Sample, at_most
from harness.objectstore import Store

COUNT = 200
SIZE = 64 << 10
THREADS = 8
SEED = 3
# What a connection needs for a body that nobody wants any more to show at the server.
QUIET_SECONDS = 0.5


def shaped(bench: Environment) -> Store:
    return bench.objects.shaped


def unshaped(bench: Environment) -> Store:
    return bench.objects.unshaped


def lone(mount):
    """One pread of 4 KiB in the middle of a file."""

    def run(bench: Environment) -> Sample:
        store = shaped(bench)
        with mount(bench, store) as mounted:
            path = mounted.file("sparse", "4G.bin")
            traffic = store.traffic()
            latency = processes.load("random", path, 1, 4096, 1, SEED)["latencies"][0]
            time.sleep(QUIET_SECONDS)
            served = store.traffic() - traffic
            return {"GETs": served.gets, "KiB served": served.bytes / 1024, "ms": latency * 1e3}

    return run


def scattered(mount, store_of):
    """Preads at random places of a file by several threads."""

    def run(bench: Environment) -> Sample:
        store = store_of(bench)
        with mount(bench, store) as mounted:
            path = mounted.file("sparse", "4G.bin")
            traffic = store.traffic()
            latencies = processes.load("random", path, COUNT, SIZE, THREADS, SEED)["latencies"]
            time.sleep(QUIET_SECONDS)
            served = store.traffic() - traffic
            return {
                "p50 ms": statistics.median(latencies) * 1e3,
                "p99 ms": latencies[int(len(latencies) * 0.99)] * 1e3,
                "KiB per pread": served.bytes / COUNT / 1024,
                "GETs": served.gets,
                "torn down": served.cut,
                "connections": served.connections,
            }

    return run


def curls(store_of, count: int):
    """The same ranges by so many curls at the same time, one after the other on each one's connection."""

    def run(bench: Environment) -> Sample:
        source = random.Random(SEED)
        offsets = [source.randrange(4 * GIBIBYTE - SIZE) for _ in range(COUNT)]
        seconds = clients.range_latency(store_of(bench), "sparse", "4G.bin", offsets, SIZE, count)
        return {
            "p50 ms": seconds * 1e3,
            "KiB per pread": SIZE / 1024,
            "GETs": COUNT,
            "torn down": 0,
            "connections": count,
        }

    return run


def huge(bench: Environment) -> Sample:
    """1 MiB at the start, the middle and the end of 1 TiB."""
    store = shaped(bench)
    with mounts.basespacefs(bench, store) as mount:
        path = mount.file("huge", "1T.bin")
        cpu, memory, traffic = mount.process.cpu_seconds(), mount.process.memory(), store.traffic()
        last = (TEBIBYTE >> 20) - 1
        seconds = sum(
            processes.timed("dd", f"if={path}", "of=/dev/null", "bs=1M", "count=1", f"skip={skip}", "status=none")
            for skip in (0, last // 2, last)
        )
        time.sleep(QUIET_SECONDS)
        served = store.traffic() - traffic
        return {
            "s": seconds,
            "CPU s": mount.process.cpu_seconds() - cpu,
            "MiB more resident": (mount.process.memory() - memory) / (1 << 20),
            "GETs": served.gets,
            "MB served": served.bytes / 1e6,
        }


def scattered_case(name: str, title: str, store_of) -> Case:
    return Case(
        name,
        f"{COUNT} preads of 64 KiB at random in 4 GiB by {THREADS} threads; {title}",
        frozenset({"sparse"}),
        {
            "basespacefs": scattered(mounts.basespacefs, store_of),
            "one curl": curls(store_of, 1),
            f"{THREADS} curls": curls(store_of, THREADS),
            "rclone": scattered(mounts.rclone, store_of),
        },
        (at_most(1.5 * 256, "KiB per pread"), at_most(0, "torn down"), at_most(1.5, "p50 ms", "one curl")),
    )


CASES = [
    Case(
        "lone-read",
        "one pread of 4 KiB in a file whose URL is known; shaped",
        frozenset({"sparse"}),
        {"basespacefs": lone(mounts.basespacefs), "rclone": lone(mounts.rclone)},
        (at_most(1, "GETs"), at_most(256, "KiB served")),
    ),
    scattered_case("random-shaped", "shaped", shaped),
    scattered_case("random-unshaped", "unshaped", unshaped),
    Case(
        "huge-file",
        "1 MiB at the start, the middle and the end of 1 TiB; shaped",
        frozenset({"huge"}),
        {"basespacefs": huge},
        # The buffers of the reads themselves stay for a few seconds.
        (at_most(1, "CPU s"), at_most(32, "MiB more resident")),
    ),
]
