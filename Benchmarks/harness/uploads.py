"""What takes uploads: nginx in front of an API of its own, shaped, with counters."""

import json
import string
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .objectstore import BYTES_PER_SECOND, FIRST_BYTE_SECONDS
from .processes import Child, wait_until


@dataclass(frozen=True)
class Received:
    """What has come since the last reset."""

    bodies: int = 0  # requests with bytes of files: parts, and small files as a whole
    bytes: int = 0
    cut: int = 0  # bodies that ended early
    first_part_ms: int = 0  # when the first part was there as a whole, on the clock of time.time()


class UploadServer:
    """An account into which everything can be written, 20 ms away, at 60 MB/s per connection."""

    def __init__(self, directory: Path, token: str) -> None:
        self._headers = {"x-access-token": token}
        port, control_port, api_port = (machine.free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{port}"
        self._control = f"http://127.0.0.1:{control_port}"
        catalog = directory / "uploads-catalog.json"
        catalog.write_text(json.dumps({"token": token, "content": self.url, "folders": []}))
        template = string.Template(Path(__file__).with_name("uploads.nginx").read_text())
        configuration = directory / "uploads.conf"
        configuration.write_text(
            template.substitute(
                directory=directory,
                port=port,
                control_port=control_port,
                api_port=api_port,
                bytes_per_second=BYTES_PER_SECOND,
                first_byte_seconds=FIRST_BYTE_SECONDS,
            )
        )
        script = Path(__file__).with_name("api.py")
        arguments: Sequence[str | Path] = [str(api_port), catalog, str(FIRST_BYTE_SECONDS)]
        self._api = Child([sys.executable, script, *arguments], directory / "uploads-api.log")
        wait_until(lambda: self._answers(f"http://127.0.0.1:{api_port}"), "the API answers", self._api)
        prefix = ["-p", "/usr/share/nginx", "-e", directory / "uploads-error.log"]
        self._front = Child(["nginx", *prefix, "-c", configuration], directory / "uploads.log")
        wait_until(lambda: self._answers(self.url), "nginx answers", self._front)

    def stop(self) -> None:
        self._front.stop()
        self._api.stop()

    def reset(self) -> None:
        """Counts from here on."""
        self._get(f"{self._control}/reset")

    def received(self) -> Received:
        pairs = (line.split() for line in self._get(f"{self._control}/counters").decode().splitlines())
        return Received(**{name: int(value) for name, value in pairs})

    def post(self, path: str, fields: dict | None = None) -> dict:
        """A call of the API, as another client of the account: the `Response`."""
        request = urllib.request.Request(
            f"{self.url}/v1pre3/{path}", json.dumps(fields).encode() if fields else b"", self._headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)["Response"]

    def new_container(self) -> str:
        """Makes an AppResult: its id."""
        return self.post("projects/10/appresults", {"Name": "curl"})["Id"]

    def complete(self, container: str) -> None:
        """Ends the session of an AppResult that `new_container` made."""
        with self._open(f"{self.url}/v1pre3/appresults/{container}") as reply:
            session = json.load(reply)["Response"]["AppSession"]["Id"]
        self.post(f"appsessions/{session}", {"status": "complete"})

    def _answers(self, url: str) -> bool:
        try:
            self._get(f"{url}/v1pre3/users/current")
        except OSError:
            return False
        return True

    def _get(self, url: str) -> bytes:
        with self._open(url) as reply:
            return reply.read()

    def _open(self, url: str):
        return urllib.request.urlopen(urllib.request.Request(url, headers=self._headers), timeout=10)
