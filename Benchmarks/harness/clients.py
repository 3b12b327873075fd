"""Clients without a mount: what the line gives."""

import base64
import hashlib
import itertools
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import api, processes
from .environment import TOKEN, Environment
from .objectstore import Store


def content_url(store: Store, folder: str, path: str) -> str:
    """Where an object is; the store wants no signature."""
    return f"{store.url}/{folder}/{path}"


def parallel_curls(store: Store, folder: str, path: str, size: int, count: int) -> float:
    """Seconds that `count` curls take to fetch a file, an equal range each, to /dev/null."""
    step = size // count
    bounds = [(number * step, size - 1 if number == count - 1 else (number + 1) * step - 1) for number in range(count)]
    url = content_url(store, folder, path)
    commands = [["curl", "-sSf", "-o", "/dev/null", "-r", f"{first}-{last}", url] for first, last in bounds]
    return processes.Group(commands).run()


def range_latency(store: Store, folder: str, path: str, offsets: Sequence[int], size: int, curls: int = 1) -> float:
    """The median of the seconds that a range takes: so many curls at the same time, each on one connection."""
    url = content_url(store, folder, path)

    def fetch(offsets: Sequence[int]) -> list[float]:
        entries = [
            f'url = "{url}"\nrange = {offset}-{offset + size - 1}\noutput = /dev/null\n'
            'write-out = "%{time_total}\\n"\n'
            for offset in offsets
        ]
        printed = processes.output("curl", "-sSf", "-K", "-", input="next\n".join(entries))
        return [float(line) for line in printed.split()]

    with ThreadPoolExecutor(curls) as threads:
        return statistics.median(itertools.chain(*threads.map(fetch, (offsets[first::curls] for first in range(curls)))))


def serial_curl(bench: Environment, store: Store, folder: str, directory: Path) -> float:
    """Seconds for all files of a folder by one curl, first each URL from the API, then each file.

    Both over a connection that stays, which is more than a script with a curl per file gets.
    """
    paths = sorted(path.name for path in (bench.root / folder).iterdir())
    number = (api.FIRST_FOLDER + sorted(path.name for path in bench.root.iterdir()).index(folder)) * api.FILES
    content = f"{bench.api_url(store)}/v1pre3/files/%d/content?redirect=meta"
    locations = directory / "locations"
    files = directory / "files"
    locations.write_text(
        f'header = "x-access-token: {TOKEN}"\n'
        + "".join(f'url = "{content % (number + index)}"\noutput = /dev/null\n' for index in range(len(paths)))
    )
    files.write_text(
        "".join(f'url = "{content_url(store, folder, path)}"\noutput = "{directory / path}"\n' for path in paths)
    )
    return sum(processes.timed("curl", "-sSf", "-K", list_) for list_ in (locations, files))


def parallel_parts(bench: Environment, file: Path, part_size: int, count: int, directory: Path) -> float:
    """Seconds that `count` curls take to upload a file in parts, each its share of them, on a connection that stays.

    The parts are cut, and their MD5s known, before the clock starts.
    """
    parts = []
    with file.open("rb") as source:
        while piece := source.read(part_size):
            part = directory / f"part-{len(parts) + 1}"
            part.write_bytes(piece)
            parts.append((part, base64.b64encode(hashlib.md5(piece).digest()).decode()))
    container = bench.uploads.new_container()
    start = time.monotonic()
    number = bench.uploads.post(f"appresults/{container}/files?name={file.name}&multipart=true")["Id"]
    commands = []
    for curl in range(count):
        entries = [
            _upload(bench, f"files/{number}/parts/{index + 1}", f"Content-MD5: {md5}") + f'upload-file = "{part}"\n'
            for index, (part, md5) in list(enumerate(parts))[curl::count]
        ]
        configuration = directory / f"curl-{curl}"
        configuration.write_text("next\n".join(entries))
        commands.append(["curl", "-K", configuration])
    processes.Group(commands).run()
    bench.uploads.post(f"files/{number}?uploadstatus=complete")
    return time.monotonic() - start


def serial_posts(bench: Environment, folder: Path, directory: Path) -> float:
    """Seconds that one curl takes to upload all files of a folder, one after the other, and to end the session."""
    container = bench.uploads.new_container()
    entries = [
        _upload(bench, f"appresults/{container}/files?name={path.name}") + f'data-binary = "@{path}"\n'
        for path in sorted(folder.iterdir())
    ]
    configuration = directory / "posts"
    configuration.write_text("next\n".join(entries))
    start = time.monotonic()
    processes.timed("curl", "-K", configuration)
    bench.uploads.complete(container)
    return time.monotonic() - start


def _upload(bench: Environment, path: str, *headers: str) -> str:
    """The lines of a curl configuration for one request with a body."""
    # Without Expect, which curl sends with large bodies and then waits for the answer to.
    all_headers = [f"x-access-token: {TOKEN}", "Content-Type: application/octet-stream", "Expect:", *headers]
    lines = [f'url = "{bench.uploads.url}/v1pre3/{path}"', 'output = "/dev/null"', "fail", "silent", "show-error"]
    return "\n".join(lines + [f'header = "{header}"' for header in all_headers]) + "\n"
