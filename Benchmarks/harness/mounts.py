"""Mounts: this project's and the peers'. Each is a fresh process on a fresh directory."""

import contextlib
import itertools
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .environment import Environment
from .objectstore import Store
from .processes import Child, wait_until

_numbers = itertools.count()


class Mount:
    """Somebody's mount of the object store's files."""

    def __init__(self, child: Child, root: Path) -> None:
        self.process = child
        self._root = root

    def folder(self, name: str) -> Path:
        return self._root / name

    def file(self, folder: str, path: str) -> Path:
        """A file, looked up: what a reading tool does in a directory listed before is not counted twice."""
        file = self.folder(folder) / path
        file.stat()
        return file


class BaseSpaceMount(Mount):
    """The layout of basespacefs: folders are AppResults."""

    def folder(self, name: str) -> Path:
        return self._root / "Projects" / "Bench" / "AppResults" / name / "Files"

    @property
    def runs(self) -> Path:
        return self._root / "Runs"

    def run(self, name: str) -> Path:
        return self._root / "Runs" / name / "Files"

    def new_folder(self) -> Path:
        """The files of an AppResult that is made for this; its `Status` is beside them."""
        name = f"run-{next(_numbers)}"
        self.folder(name).parent.mkdir()
        return self.folder(name)


@contextlib.contextmanager
def basespacefs(
    bench: Environment,
    store: Store,
    cache: Path | None = None,
    options: Sequence[str] = (),
) -> Iterator[BaseSpaceMount]:
    """The daemon that was built. Without a cache directory it gets an empty one."""
    with _own(bench, bench.api_url(store), cache, options) as mount:
        yield mount


@contextlib.contextmanager
def uploading(bench: Environment, options: Sequence[str] = ()) -> Iterator[BaseSpaceMount]:
    """The daemon on the account that takes uploads."""
    with _own(bench, bench.uploads.url, None, options) as mount:
        yield mount


@contextlib.contextmanager
def listing(bench: Environment, options: Sequence[str] = ()) -> Iterator[BaseSpaceMount]:
    """The daemon on the account of very many names."""
    with _own(bench, bench.listings.url, None, options) as mount:
        yield mount


@contextlib.contextmanager
def _own(
    bench: Environment,
    api: str,
    cache: Path | None,
    options: Sequence[str],
) -> Iterator[BaseSpaceMount]:
    directory = _directory(bench)
    cache = cache or directory / "cache"
    command = [
        bench.daemon,
        "mount",
        "--foreground",
        *("--api-server", api),
        *("--access-token-file", bench.token_file),
        *("--cache-dir", cache),
        *options,
        directory / "mount",
    ]
    environment = {"XDG_STATE_HOME": str(directory / "state"), "XDG_RUNTIME_DIR": str(directory)}
    with _mounted(bench, command, directory, environment) as child:
        yield BaseSpaceMount(child, directory / "mount")


@contextlib.contextmanager
def rclone(
    bench: Environment,
    store: Store,
    options: Sequence[str] = (),
    cache: Path | None = None,
) -> Iterator[Mount]:
    """rclone's mount of the object store's listing."""
    directory = _directory(bench)
    command = [
        *(bench.rclone, "mount", ":http:", directory / "mount"),
        *("--http-url", store.url),
        *("--config", directory / "rclone.conf"),
        *("--cache-dir", cache or directory / "cache"),
        "--read-only",
        *options,
    ]
    with _mounted(bench, command, directory) as child:
        yield Mount(child, directory / "mount")


@contextlib.contextmanager
def httpdirfs(bench: Environment, store: Store) -> Iterator[Mount]:
    """httpdirfs with its cache: without, each request of the kernel is one of its own, a few MB/s on a far line."""
    directory = _directory(bench)
    # nginx says in answers without a Range only that it takes them; the check of httpdirfs wants it in all.
    options = ["-f", "--no-range-check", "--cache", "--cache-location", directory]
    command = ["httpdirfs", *options, store.url + "/", directory / "mount"]
    with _mounted(bench, command, directory, {"XDG_CACHE_HOME": str(directory), "HOME": str(directory)}) as child:
        yield Mount(child, directory / "mount")


def _directory(bench: Environment) -> Path:
    directory = bench.run / f"mount-{next(_numbers)}"
    (directory / "mount").mkdir(parents=True)
    return directory


@contextlib.contextmanager
def _mounted(
    bench: Environment,
    command: Sequence[str | Path],
    directory: Path,
    environment: dict[str, str] | None = None,
) -> Iterator[Child]:
    mount = directory / "mount"
    child = Child(command, directory / "log", environment)
    try:
        wait_until(mount.is_mount, f"{child.name} mounts", child)
        yield child
    finally:
        try:
            child.stop()
        finally:
            with contextlib.suppress(OSError):
                if mount.is_mount():
                    subprocess.run(["umount", "--lazy", mount], check=False)
            bench.discard(directory)
