"""The object store: nginx, shaped and unshaped, with counters."""

import string
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .processes import Child, wait_until

# A line to another continent's data centre: its round trips, and what one connection brings on it.
FIRST_BYTE_SECONDS = 0.020
BYTES_PER_SECOND = 60_000_000


@dataclass(frozen=True)
class Traffic:
    """What the object store has served."""

    gets: int = 0
    bytes: int = 0
    cut: int = 0  # bodies whose connection was closed in the middle
    connections: int = 0
    others: int = 0  # listings and HEAD

    def __sub__(self, other: "Traffic") -> "Traffic":
        return Traffic(*(getattr(self, name) - getattr(other, name) for name in self.__dataclass_fields__))


class Store:
    """One of the two ports."""

    def __init__(self, port: int, control: str, is_shaped: bool) -> None:
        self.port = port
        self.is_shaped = is_shaped
        self.url = f"http://127.0.0.1:{port}"
        self._control = control

    def traffic(self) -> Traffic:
        """What was served so far, once nothing is being served any more."""
        end = time.monotonic() + 10
        while True:
            counters = self._counters()
            if counters.pop("active", 0) <= 0 or time.monotonic() > end:
                return Traffic(**counters)
            time.sleep(0.02)

    def _counters(self) -> dict[str, int]:
        with urllib.request.urlopen(self._control, timeout=10) as reply:
            pairs = (line.split() for line in reply.read().decode().splitlines())
            names = {key: int(value) for key, value in pairs}
        prefix = f"{self.port}."
        return {key.removeprefix(prefix): value for key, value in names.items() if key.startswith(prefix)}


class ObjectStore:
    """Serves the files below a directory, which should be in memory: the disk must not be what is measured."""

    def __init__(self, root: Path, directory: Path) -> None:
        ports = [machine.free_port() for _ in range(3)]
        control = f"http://127.0.0.1:{ports[2]}/counters"
        template = string.Template(Path(__file__).with_name("objectstore.nginx").read_text())
        configuration = directory / "nginx.conf"
        configuration.write_text(
            template.substitute(
                directory=directory,
                root=root,
                unshaped_port=ports[0],
                shaped_port=ports[1],
                control_port=ports[2],
                bytes_per_second=BYTES_PER_SECOND,
                first_byte_seconds=FIRST_BYTE_SECONDS,
            )
        )
        self.unshaped = Store(ports[0], control, is_shaped=False)
        self.shaped = Store(ports[1], control, is_shaped=True)
        prefix = ["-p", "/usr/share/nginx", "-e", directory / "nginx-error.log"]
        self.process = Child(["nginx", *prefix, "-c", configuration], directory / "nginx.log")
        wait_until(self._answers, "nginx answers", self.process)

    def stop(self) -> None:
        self.process.stop()

    def _answers(self) -> bool:
        try:
            self.unshaped.traffic()
        except OSError:
            return False
        return True
