"""The files that are read, or copied into a mount: one directory each for the needs of the cases, all in memory."""

import os
import shutil
from pathlib import Path

from . import bam

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
TEBIBYTE = 1 << 40

SMALL_FILES = 2000
SMALL_SIZE = 64 << 10
OUTPUT_FILES = 500
WIDE_FILES = 32
PARTS = 4


def make(folder: str, root: Path, work: Path) -> None:
    """Makes a directory of data below `root`; what is expensive is kept in `work` for the next time."""
    directory = root / folder
    directory.mkdir()
    _MAKERS[folder](directory, work)


def entries(directory: Path) -> list[dict]:
    """The files of a directory as the API tells of them. The ETag is the one that nginx makes."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    statuses = [(path, path.stat()) for path in files]
    return [
        {
            "path": str(path.relative_to(directory)),
            "size": status.st_size,
            "etag": f"{int(status.st_mtime):x}-{status.st_size:x}",
        }
        for path, status in statuses
    ]


def _sequential(directory: Path, work: Path) -> None:
    _fill(directory / "1G.bin", GIBIBYTE)


def _parts(directory: Path, work: Path) -> None:
    """Files with the same bytes: links save memory, and to the service they are different files."""
    _fill(directory / "0.bin", GIBIBYTE // PARTS)
    for number in range(1, PARTS):
        os.link(directory / "0.bin", directory / f"{number}.bin")


def _sparse(directory: Path, work: Path) -> None:
    _hole(directory / "4G.bin", 4 * GIBIBYTE)


def _wide(directory: Path, work: Path) -> None:
    for number in range(WIDE_FILES):
        _hole(directory / f"{number:02}.bin", 4 * GIBIBYTE)


def _huge(directory: Path, work: Path) -> None:
    _hole(directory / "1T.bin", TEBIBYTE)


def _small(directory: Path, work: Path) -> None:
    for number in range(SMALL_FILES):
        _fill(directory / f"{number:04}.bin", SMALL_SIZE)


def _outputs(directory: Path, work: Path) -> None:
    for number in range(OUTPUT_FILES):
        _fill(directory / f"{number:03}.bin", SMALL_SIZE)


def _alignments(directory: Path, work: Path) -> None:
    for path in bam.made_in(work):
        shutil.copy(path, directory / path.name)


def _fill(path: Path, size: int) -> None:
    """Random bytes: nothing on the way can compress or share them."""
    with path.open("wb") as file:
        for offset in range(0, size, MEBIBYTE):
            file.write(os.urandom(min(MEBIBYTE, size - offset)))


def _hole(path: Path, size: int) -> None:
    """Zeros that take no memory at the server; to everybody else they are bytes like others."""
    with path.open("wb") as file:
        file.truncate(size)


_MAKERS = {
    "sequential": _sequential,
    "parts": _parts,
    "sparse": _sparse,
    "wide": _wide,
    "huge": _huge,
    "small": _small,
    "outputs": _outputs,
    "alignments": _alignments,
}
