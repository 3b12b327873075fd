"""The part of the BaseSpace API that a mount needs, in front of any object store. Run as a program:

    api.py PORT CATALOG DELAY

CATALOG is a JSON file:
{"token": …, "content": URL, "folders": [{"name": …, "files": [{"path": …, "size": …, "etag": …}]}]}

All folders are AppResults of the project Bench; their session is complete, so nothing can change. AppResults that are
made get a session of their own, which is running; what is uploaded to them (uploads.nginx takes it) is never listed.
Each answer comes after DELAY seconds. Listings are always sorted by id.
"""

import json
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

DATE = "2025-01-01T00:00:00.0000000Z"
EXPIRES = "2099-01-01T00:00:00.0000000Z"
USER = {"Id": "1", "Href": "v1pre3/users/1", "Name": "Bench", "Email": "bench@example.com", "DateCreated": DATE}
PROJECT = {
    "Id": "10",
    "Href": "v1pre3/projects/10",
    "Name": "Bench",
    "Description": "",
    "UserOwnedBy": USER,
    "DateCreated": DATE,
    "DateModified": DATE,
}
SESSION = {
    "Id": "20",
    "Href": "v1pre3/appsessions/20",
    "Name": "Bench",
    "UserCreatedBy": USER,
    "Status": "Complete",
    "StatusSummary": "",
    "DateCreated": DATE,
    "ModifiedOn": DATE,
}
# The AppResult number n has the id FIRST_FOLDER + n, its file number m the id (FIRST_FOLDER + n) * FILES + m.
FIRST_FOLDER = 100
FILES = 1_000_000
LARGEST_PAGE = 1000


class Catalog:
    """What there is, in the service's shapes."""

    def __init__(self, description: dict) -> None:
        self.token = description["token"]
        self._content = description["content"]
        self._folders = {FIRST_FOLDER + number: folder for number, folder in enumerate(description["folders"])}
        self._sessions = {SESSION["Id"]: SESSION}

    def answer(self, path: list[str], query: dict[str, str]) -> dict | None:
        """The `Response` for a path below v1pre3; None if there is no such thing."""
        resolves = query.get("FileHrefContentResolution") == "true"
        match path:
            case ["users", "current"]:
                return USER
            case ["users", "current", "projects"]:
                return page([PROJECT], query)
            case ["projects", "10"]:
                return PROJECT
            case ["projects", "10", "samples"]:
                return page([], query)
            case ["projects", "10", "appresults"]:
                return page([self._folder(number) for number in self._folders], query)
            case ["appsessions", number]:
                return self._sessions.get(number)
            case ["appresults", number] if int(number) in self._folders:
                return self._folder(int(number))
            case ["appresults", number, "files"] if int(number) in self._folders:
                count = len(self._folders[int(number)]["files"])
                return page([int(number) * FILES + index for index in range(count)], query, self._file, resolves)
            case ["files", number] if self._known(int(number)):
                return {**self._file(int(number), resolves), "UploadStatus": "complete"}
            case ["files", number, "content"] if self._known(int(number)):
                return {"HrefContent": self._url(int(number)), "Expires": EXPIRES, "SupportsRange": True}
        return None

    def change(self, path: list[str], fields: dict) -> dict | None:
        """What a POST to a path below v1pre3 makes or changes; None if there is no such thing."""
        match path:
            case ["projects", "10", "appresults"]:
                number = FIRST_FOLDER + len(self._folders)
                session = {**SESSION, "Id": f"{number}0", "Href": f"v1pre3/appsessions/{number}0", "Status": "Running"}
                self._sessions[session["Id"]] = session
                self._folders[number] = {"name": fields["Name"], "files": [], "session": session}
                return self._folder(number)
            case ["appsessions", number] if number in self._sessions:
                session = self._sessions[number]
                session["Status"] = (fields.get("status") or session["Status"]).capitalize()
                session["StatusSummary"] = fields.get("statussummary") or session["StatusSummary"]
                return session
        return None

    def _known(self, number: int) -> bool:
        folder = self._folders.get(number // FILES)
        return folder is not None and number % FILES < len(folder["files"])

    def _folder(self, number: int) -> dict:
        session = self._folders[number].get("session", SESSION)
        return {
            "Id": str(number),
            "Href": f"v1pre3/appresults/{number}",
            "Name": self._folders[number]["name"],
            "Description": "",
            "UserOwnedBy": USER,
            "Status": session["Status"],
            "StatusSummary": session["StatusSummary"],
            "DateCreated": DATE,
            "AppSession": session,
            "References": [],
        }

    def _file(self, number: int, resolves: bool) -> dict:
        file = self._folders[number // FILES]["files"][number % FILES]
        return {
            "Id": str(number),
            "Href": f"v1pre3/files/{number}",
            "HrefContent": self._url(number) if resolves else f"v1pre3/files/{number}/content",
            "Name": file["path"].rpartition("/")[2],
            "Path": file["path"],
            "Size": file["size"],
            "ETag": file["etag"],
            "ContentType": "application/octet-stream",
            "IsArchived": False,
            "DateCreated": DATE,
            "DateModified": DATE,
        }

    def _url(self, number: int) -> str:
        folder = self._folders[number // FILES]
        path = quote(f"{folder['name']}/{folder['files'][number % FILES]['path']}")
        return f"{self._content}/{path}?X-Amz-Expires=604800&X-Amz-Signature={number:064x}"


def page(items: list, query: dict[str, str], *make) -> dict:
    """A page of a list, its items made only when they are on it."""
    offset = int(query.get("Offset", 0))
    limit = min(int(query.get("Limit", 10)), LARGEST_PAGE)
    shown = items[offset : offset + limit]
    if make:
        shown = [make[0](item, *make[1:]) for item in shown]
    counts = {"DisplayedCount": len(shown), "TotalCount": len(items), "Offset": offset, "Limit": limit}
    return {"Items": shown, **counts, "SortBy": "Id", "SortDir": "Asc"}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    catalog: Catalog
    delay: float

    def do_GET(self) -> None:
        query = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self.answer(lambda path: self.catalog.answer(path, query))

    def do_POST(self) -> None:
        fields = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        self.answer(lambda path: self.catalog.change(path, fields))

    def answer(self, response_to: Callable[[list[str]], dict | None]) -> None:
        url = urlsplit(self.path)
        time.sleep(self.delay)
        if self.headers.get("x-access-token") != self.catalog.token:
            return self.send(401, {"ResponseStatus": {"Message": "Unauthorized"}})
        version, *path = url.path.strip("/").split("/")
        response = response_to(path) if version == "v1pre3" else None
        if response is None:
            return self.send(404, {"ResponseStatus": {"Message": f"no {url.path}"}})
        return self.send(200, {"Response": response, "ResponseStatus": {}, "Notifications": []})

    def send(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing of requests."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main(port: str, catalog: str, delay: str) -> None:
    Handler.catalog = Catalog(json.loads(Path(catalog).read_text()))
    Handler.delay = float(delay)
    with Server(("127.0.0.1", int(port)), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
