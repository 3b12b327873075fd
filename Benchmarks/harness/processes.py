"""Child processes that end with the harness, and what they cost."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Nothing that is measured takes longer; a hung mount must not hang the benchmark.
LONGEST_RUN = 300.0


class Failure(Exception):
    """Something could not be measured; the text says what and why."""


class Child:
    """A process that runs until it is stopped. The kernel ends it if the harness dies without a word."""

    def __init__(self, command: Sequence[str | Path], log: Path, environment: dict[str, str] | None = None) -> None:
        self.name = Path(command[0]).name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Fails if it has ended by itself."""
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"

    def stop(self, patience: float = 30) -> None:
        """Asks it to end; kills it when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{self.name} did not end when asked to and was killed") from None

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def peak_memory(self) -> int:
        """The most resident memory it ever had, in bytes."""
        return self._status("VmHWM")

    def memory(self) -> int:
        """Its resident memory in bytes."""
        return self._status("VmRSS")

    def requests(self) -> int:
        """How many requests of the kernel's it took: read calls of the threads that serve (which may read from a cache)."""
        tasks = Path(f"/proc/{self.pid}/task")
        serving = [task for task in tasks.iterdir() if task.name == str(self.pid) or _comm(task).startswith("fuse-")]
        return sum(int(_field((task / "io").read_text(), "syscr")) for task in serving)

    def _status(self, name: str) -> int:
        return int(_field(Path(f"/proc/{self.pid}/status").read_text(), name)) * 1024


def _comm(task: Path) -> str:
    return (task / "comm").read_text().strip()


def _field(text: str, name: str) -> str:
    return next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:"))


@contextlib.contextmanager
def running(child: Child) -> Iterator[Child]:
    """Stops the child at the end, however that comes."""
    try:
        yield child
    finally:
        child.stop()


def wait_until(condition, what: str, child: Child | None = None, patience: float = 60) -> None:
    """Waits until the condition holds, while the child lives."""
    end = time.monotonic() + patience
    while not condition():
        if child is not None:
            child.check()
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {patience:.0f} s")
        time.sleep(0.02)


class Group:
    """Processes that run at the same time and are timed together."""

    def __init__(self, commands: Sequence[Sequence[str | Path]], **options) -> None:
        self.commands = [list(map(str, command)) for command in commands]
        self.options = options

    def run(self) -> float:
        """Runs all to their end and answers how many seconds that took."""
        processes: list[subprocess.Popen] = []
        start = time.monotonic()
        try:
            for command in self.commands:
                processes.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE,
                        start_new_session=True,
                        **self.options,
                    )
                )
            for process in processes:
                _, errors = process.communicate(timeout=LONGEST_RUN)
                if process.returncode != 0:
                    text = errors.decode(errors="replace").strip()
                    raise Failure(f"{process.args[0]} ended with {process.returncode}: {text[-300:]}")
            return time.monotonic() - start
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.commands[0][0]} did not end within {LONGEST_RUN:.0f} s") from None
        finally:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def timed(*command: str | Path, **options) -> float:
    """Seconds that one command takes."""
    return Group([command], **options).run()


def watched(*command: str | Path) -> tuple[float, list[tuple[float, int]]]:
    """Seconds that one command takes, and how much it had read when: moments of time.time(), bytes of all its reads."""
    start = time.monotonic()
    samples: list[tuple[float, int]] = []
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while process.poll() is None:
            if time.monotonic() - start > LONGEST_RUN:
                raise Failure(f"{command[0]} did not end within {LONGEST_RUN:.0f} s")
            # One that has just ended has no counters any more.
            with contextlib.suppress(OSError, StopIteration):
                samples.append((time.time(), int(_field(Path(f"/proc/{process.pid}/io").read_text(), "rchar"))))
            time.sleep(0.005)
        seconds = time.monotonic() - start
        errors = process.communicate()[1].decode(errors="replace").strip()
        if process.returncode != 0:
            raise Failure(f"{command[0]} ended with {process.returncode}: {errors[-300:]}")
        return seconds, samples
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def output(*command: str | Path, **options) -> str:
    """What a command prints."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            check=True,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_RUN,
            **options,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{command[0]} did not end within {LONGEST_RUN:.0f} s") from None
    except subprocess.CalledProcessError as error:
        raise Failure(f"{command[0]} ended with {error.returncode}: {error.stderr.strip()[-300:]}") from None
    return done.stdout


def load(kind: str, *arguments: object) -> dict:
    """Runs one of the loads of loads.py in a process of its own, which can be killed when a mount hangs."""
    script = Path(__file__).with_name("loads.py")
    return json.loads(output(sys.executable, script, kind, *map(str, arguments)))
