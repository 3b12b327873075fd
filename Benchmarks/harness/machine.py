"""The machine: put into the same state before each run, and described for the table."""

import mmap
import os
import platform
import re
import socket
from pathlib import Path

from .processes import Failure, output

# More than any run populates: its page cache, the cache file's, the daemon's buffers.
TOUCHED_MEMORY = 4 << 30


def settle() -> None:
    """Nothing dirty, nothing cached, memory warm.

    A virtual machine gives free memory back to its host, and the first touch of a page then costs a trip there: ten
    times slower than the next. Whoever fills the page cache would pay for it, curl to /dev/null would not, so memory
    is touched and freed first.
    """
    os.sync()
    drop_caches()
    touch_memory()


def drop_caches() -> None:
    """Forgets clean pages, names and attributes."""
    Path("/proc/sys/vm/drop_caches").write_text("3")


def touch_memory() -> None:
    available = re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())
    size = min(TOUCHED_MEMORY, int(available[1]) * 1024 // 2) if available else TOUCHED_MEMORY
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, size, flags=flags).close()


def require_root() -> None:
    if os.geteuid() != 0:
        raise Failure("run this as root: it drops the kernel's caches and mounts")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def description(rclone: Path) -> dict[str, str]:
    """What the numbers depend on."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processors": f"{len(os.sched_getaffinity(0))} × {cpu[1].strip() if cpu else platform.machine()}",
        "memory": f"{int(memory[1]) / (1 << 20):.0f} GiB" if memory else "unknown",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "kernel": platform.release(),
        "rclone": output(rclone, "version").split()[1],
        "httpdirfs": _debian_version("httpdirfs"),
        "nginx": _debian_version("nginx"),
        "curl": output("curl", "--version").split()[1],
        "samtools": output("samtools", "--version").split()[1],
    }


def _debian_version(package: str) -> str:
    try:
        return output("dpkg-query", "-W", "-f", "${Version}", package)
    except (Failure, FileNotFoundError):
        return "unknown"
