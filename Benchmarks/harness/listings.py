"""An account that is all names: the pages of its listings, made beforehand, 20 ms away. Run as a program:

    listings.py PORT TOKEN DELAY

The project Bench has the AppResult `wide`, 20,000 files in 200 directories; there is a run `huge` of 150,000 files in
1,000 directories, and six more of that size, `huge 1` to `huge 6`. `GET /requests` answers how many calls have come since it was asked last.
"""

import functools
import json
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import machine
from harness.api import DATE, PROJECT, SESSION, USER, Server, page
from harness.objectstore import FIRST_BYTE_SECONDS
from harness.processes import Child, wait_until

WIDE_FILES, WIDE_DIRECTORIES = 20_000, 200
HUGE_FILES, HUGE_DIRECTORIES = 150_000, 1_000
APP_RESULT = {
    "Id": "100",
    "Href": "v1pre3/appresults/100",
    "Name": "wide",
    "UserOwnedBy": USER,
    "Status": "Complete",
    "StatusSummary": "",
    "DateCreated": DATE,
    "AppSession": SESSION,
}
RUNS = [
    {
        "Id": str(200 + number),
        "Href": f"v1pre3/runs/{200 + number}",
        "Name": name,
        "ExperimentName": name,
        "Status": "Complete",
        "DateCreated": DATE,
        "DateModified": DATE,
    }
    for number, name in enumerate(["huge", *(f"huge {number}" for number in range(1, 7))])
]
URL = "https://bucket.example/0123456789abcdef0123456789abcdef/{path}?AWSAccessKeyId=K&Expires=4070908800&Signature={number:0300d}"


def path_of(number: int, files: int, directories: int) -> str:
    directory = number * directories // files
    return f"Data/Intensities/L{directory % 8:03}/C{directory:04}/s_{number:07}_called.bcl.gz"


def wide_names() -> list[str]:
    return [path_of(number, WIDE_FILES, WIDE_DIRECTORIES) for number in range(WIDE_FILES)]


def file(number: int, files: int, directories: int, first: int, resolves: bool) -> dict:
    path = path_of(number, files, directories)
    content = URL.format(path=path, number=number) if resolves else f"v1pre3/files/{first + number}/content"
    return {
        "Id": str(first + number),
        "Href": f"v1pre3/files/{first + number}",
        "HrefContent": content,
        "Name": path.rpartition("/")[2],
        "ContentType": "application/octet-stream",
        "Size": 1_000_000 + number,
        "Path": path,
        "IsArchived": False,
        "DateCreated": DATE,
        "DateModified": DATE,
        "ETag": f"{number:032x}",
        "IdAsLong": first + number,
    }


def envelope(response: dict) -> bytes:
    return json.dumps({"Response": response, "ResponseStatus": {}, "Notifications": []}).encode()


@functools.lru_cache(None)
def files_page(owner: str, offset: int, limit: int, resolves: bool) -> bytes:
    """A page of an entity's files, whose ids are like those of no other entity's."""
    sizes = (WIDE_FILES, WIDE_DIRECTORIES) if owner == APP_RESULT["Id"] else (HUGE_FILES, HUGE_DIRECTORIES)
    shape = (*sizes, int(owner) * 10**8)
    query = {"Offset": str(offset), "Limit": str(limit)}
    return envelope(page(range(shape[0]), query, file, *shape, resolves))


def answer(path: list[str], query: dict[str, str]) -> bytes | None:
    match path:
        case ["users", "current"]:
            return envelope(USER)
        case ["users", "current", "projects"]:
            return envelope(page([PROJECT], query))
        case ["users", "current", "runs"]:
            return envelope(page(RUNS, query))
        case ["projects", "10", "appresults"]:
            return envelope(page([APP_RESULT], query))
        case ["appresults", "100" as owner, "files"] | ["runs", owner, "files"]:
            resolves = query.get("FileHrefContentResolution") == "true"
            return files_page(owner, int(query.get("Offset", 0)), int(query.get("Limit", 10)), resolves)
    return None


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    token: str
    delay: float
    calls = 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/requests":
            with Handler.lock:
                calls, Handler.calls = Handler.calls, 0
            return self.send(200, json.dumps(calls).encode())
        with Handler.lock:
            Handler.calls += 1
        if self.headers.get("x-access-token") != self.token:
            return self.send(401, b"{}")
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        body = answer(url.path.strip("/").split("/")[1:], query)
        time.sleep(self.delay)
        return self.send(200, body) if body else self.send(404, b"{}")

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing of requests."""


class ListingServer:
    """The account, as a child process."""

    def __init__(self, directory: Path, token: str) -> None:
        port = machine.free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, __file__, str(port), token, str(FIRST_BYTE_SECONDS)]
        self._child = Child(command, directory / "listings.log")
        wait_until(self._answers, "the API answers", self._child)
        # Making a page takes longer than sending it: all are made before anybody measures.
        for kind, files in (("appresults/100", WIDE_FILES), ("runs/200", HUGE_FILES)):
            for offset in range(0, files, 1000):
                resolves = "true" if kind.startswith("app") else "false"
                query = f"Offset={offset}&Limit=1000&FileHrefContentResolution={resolves}"
                request = urllib.request.Request(f"{self.url}/v1pre3/{kind}/files?{query}")
                request.add_header("x-access-token", token)
                urllib.request.urlopen(request, timeout=60).read()

    def stop(self) -> None:
        self._child.stop()

    def requests(self) -> int:
        """Calls since this was asked last."""
        with urllib.request.urlopen(f"{self.url}/requests", timeout=30) as reply:
            return json.load(reply)

    def _answers(self) -> bool:
        try:
            return self.requests() >= 0
        except OSError:
            return False


def main(port: str, token: str, delay: str) -> None:
    Handler.token = token
    Handler.delay = float(delay)
    with Server(("127.0.0.1", int(port)), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
