"""Readers that no common tool offers. Run as a program: prints what it saw as one JSON object.

    loads.py random FILE COUNT SIZE THREADS SEED    preads at random places
    loads.py streams SECONDS FILE...                one sequential reader per file, all at once
    loads.py open FILE...                           opens all, reads 4 KiB of each, keeps them open meanwhile
"""

import json
import os
import random
import sys
import threading
import time

CHUNK = 1 << 20


def random_reads(path: str, count: int, size: int, threads: int, seed: int) -> dict:
    """Latencies in seconds of preads at random places, dealt out to threads."""
    file = os.open(path, os.O_RDONLY)
    length = os.fstat(file).st_size
    source = random.Random(seed)
    offsets = [source.randrange(length - size) for _ in range(count)]
    latencies: list[float] = []

    def work(own: list[int]) -> None:
        for offset in own:
            start = time.perf_counter()
            got = len(os.pread(file, size, offset))
            latencies.append(time.perf_counter() - start)
            if got != size:
                raise OSError(f"{path}: {got} bytes at {offset} instead of {size}")

    run_threads([threading.Thread(target=work, args=(offsets[index::threads],)) for index in range(threads)])
    if len(latencies) != count:
        raise SystemExit("loads.py: a read failed")
    return {"latencies": sorted(latencies)}


def streams(seconds: float, paths: list[str]) -> dict:
    """Bytes that each of the readers got in the given time."""
    files = [os.open(path, os.O_RDONLY) for path in paths]
    totals = [0] * len(files)
    end = time.monotonic() + seconds

    def work(index: int) -> None:
        buffer = bytearray(CHUNK)
        while time.monotonic() < end:
            count = os.readv(files[index], [buffer])
            if count == 0:
                os.lseek(files[index], 0, os.SEEK_SET)
            totals[index] += count

    start = time.monotonic()
    run_threads([threading.Thread(target=work, args=(index,)) for index in range(len(files))])
    return {"bytes": totals, "seconds": time.monotonic() - start}


def open_files(paths: list[str]) -> dict:
    """Opens all files and reads the first 4 KiB of each while all are open."""
    start = time.monotonic()
    files = [os.open(path, os.O_RDONLY) for path in paths]
    for file in files:
        os.pread(file, 4096, 0)
    return {"seconds": time.monotonic() - start}


def run_threads(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(arguments: list[str]) -> dict:
    match arguments:
        case ["random", path, count, size, threads, seed]:
            return random_reads(path, int(count), int(size), int(threads), int(seed))
        case ["streams", seconds, *paths]:
            return streams(float(seconds), paths)
        case ["open", *paths]:
            return open_files(paths)
    raise SystemExit(__doc__)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
