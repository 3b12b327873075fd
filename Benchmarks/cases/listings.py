"""Names only: what a walk over a large account costs."""

import tempfile
from pathlib import Path

from harness import mounts, processes
from harness.environment import TOKEN, Environment
from harness.listings import HUGE_FILES, WIDE_DIRECTORIES, WIDE_FILES, ListingServer, wide_names
from harness.measure import Case, Sample, at_least, at_most

PAGES = WIDE_FILES // 1000
# Of the files themselves and the directories above them; `find` counts the place it starts from as well.
WIDE_LINES = WIDE_FILES + WIDE_DIRECTORIES


def find_cold(bench: Environment) -> Sample:
    server = bench.listings
    with mounts.listing(bench) as mount:
        server.requests()
        seconds = processes.timed("find", mount.folder("wide"))
        return {"s": seconds, "API calls": server.requests()}


def curl_pages(bench: Environment) -> Sample:
    server = bench.listings
    server.requests()
    seconds = fetch_pages(server, first=0)
    return {"s": seconds, "API calls": server.requests()}


def curl_from_names(bench: Environment) -> Sample:
    """What the names in the path make necessary: whoever starts with them knows the AppResult's id after two calls, and
    the number of its files after three."""
    server = bench.listings
    server.requests()
    calls = ("users/current/projects", "projects/10/appresults", "appresults/100/files?FileHrefContentResolution=true")
    urls = [f"{server.url}/v1pre3/{call}{'&' if '?' in call else '?'}Offset=0&Limit=1000" for call in calls]
    outputs = ["-o", "/dev/null"] * len(urls)
    seconds = processes.timed("curl", "-sSf", "-H", f"x-access-token: {TOKEN}", *outputs, *urls)
    seconds += fetch_pages(server, first=1)
    return {"s": seconds, "API calls": server.requests()}


def fetch_pages(server: ListingServer, first: int) -> float:
    """Seconds that curl takes for the pages of `wide` from a first one on."""
    pages = f"[{first * 1000}-{(PAGES - 1) * 1000}:1000]"
    url = f"{server.url}/v1pre3/appresults/100/files?Offset={pages}&Limit=1000&FileHrefContentResolution=true"
    command = ["curl", "-sSf", "--parallel", "--parallel-max", "6", "-H", f"x-access-token: {TOKEN}", "-o", "/dev/null"]
    return processes.timed(*command, url)


def ls_warm(bench: Environment) -> Sample:
    server = bench.listings
    with mounts.listing(bench) as mount:
        processes.timed("find", mount.folder("wide"))
        server.requests()
        seconds = listed(mount.folder("wide"))
        return {"lines/s": WIDE_LINES / seconds, "API calls": server.requests()}


def ls_local(bench: Environment) -> Sample:
    """The same names on the local disk, looked at before."""
    with tempfile.TemporaryDirectory(dir=bench.run) as directory:
        for name in wide_names():
            file = Path(directory, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        processes.timed("find", directory)
        return {"lines/s": WIDE_LINES / listed(Path(directory))}


def listed(directory: Path) -> float:
    """Seconds of `ls -lR`, the second of two, since the first of a program is of its own start."""
    processes.timed("ls", "-lR", directory)
    return processes.timed("ls", "-lR", directory)


def first_look(bench: Environment) -> Sample:
    server = bench.listings
    with mounts.listing(bench) as mount:
        server.requests()
        seconds = processes.timed("ls", mount.folder("wide").parent.parent)
        return {"s": seconds, "API calls": server.requests()}


def huge_run(bench: Environment) -> Sample:
    server = bench.listings
    with mounts.listing(bench) as mount:
        idle = mount.process.memory()
        server.requests()
        seconds = processes.timed("find", mount.run("huge"))
        grown = mount.process.peak_memory() - idle
        return {"MiB above idle": grown / (1 << 20), "s": seconds, "API calls": server.requests()}


def million(bench: Environment, *tests: str) -> Sample:
    server = bench.listings
    with mounts.listing(bench) as mount:
        server.requests()
        seconds = processes.timed("find", mount.runs, *tests)
        return {"peak MiB": mount.process.peak_memory() / (1 << 20), "s": seconds, "API calls": server.requests()}


CASES = [
    Case(
        "find-cold",
        f"find over an AppResult of {WIDE_FILES} files in {WIDE_DIRECTORIES} directories, 20 ms per call",
        frozenset(),
        {"basespacefs": find_cold, "curl, 6 pages at a time": curl_pages, "curl, from the names on": curl_from_names},
        (at_most(PAGES + 3, "API calls"), at_most(1.3, "s", "curl, 6 pages at a time")),
    ),
    Case(
        "ls-warm",
        "ls -lR of the same, listed before",
        frozenset(),
        {"basespacefs": ls_warm, "local disk": ls_local},
        (at_most(0, "API calls"), at_least(0.5, "lines/s", "local disk")),
    ),
    Case(
        "first-look",
        "the first ls of an AppResults directory after mount",
        frozenset(),
        {"basespacefs": first_look},
        (at_most(3, "API calls"),),
    ),
    Case(
        "huge-run",
        f"find over a run of {HUGE_FILES} files",
        frozenset(),
        {"basespacefs": huge_run},
        (at_most(150, "MiB above idle"),),
    ),
    Case(
        "million",
        f"find over 7 runs of {HUGE_FILES} files each",
        frozenset(),
        {"basespacefs": million},
        (at_most(256, "peak MiB"),),
    ),
    Case(
        "million-sizes",
        "the same for files of some size, which takes the attributes of each",
        frozenset(),
        {"basespacefs": lambda bench: million(bench, "-size", "+1k")},
        (at_most(256, "peak MiB"),),
    ),
]
