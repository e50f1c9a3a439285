"""A Dask scheduler and workers as separate processes on 127.0.0.1, and a night worked on them.

What belongs here: starting, killing, stopping them. What does not: what is expected of a release (dask_demo.py, test_dask.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.served.prefect_api import free_port

LIMIT_S = 120


class Cluster:
    """A scheduler and its workers; each worker is one process without a nanny, so that killing it is losing it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.workers: list[subprocess.Popen[bytes]] = []
        host, _, port = self.address.removeprefix("tcp://").partition(":")
        self.scheduler = self._start("scheduler", "dask_scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-show")

    def _start(self, name: str, module: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
        with (self.folder / f"{name}.log").open("wb") as out:
            return subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": str(ROOT)})

    def add_worker(self) -> None:
        """Start one more worker, with one thread."""
        number = len(self.workers) + 1
        words = (self.address, "--name", f"w{number}", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(self._start(f"worker-{number}", "dask_worker", *words, "--local-directory", str(self.folder)))

    def until_there(self, workers: int) -> None:
        """Wait until so many workers have joined. Raises TimeoutError."""
        end = time.monotonic() + LIMIT_S
        logs = [self.folder / f"worker-{n + 1}.log" for n in range(len(self.workers))]
        while sum("Registered to" in log.read_text(errors="replace") for log in logs) < workers:
            if time.monotonic() > end or self.scheduler.poll() is not None:
                raise TimeoutError("the workers did not join: " + " ".join(log.read_text(errors="replace") for log in logs))
            time.sleep(0.1)

    def kill(self, number: int) -> None:
        """SIGKILL for a worker."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def stop(self) -> None:
        """End what is left, by process."""
        for process in [*self.workers, self.scheduler]:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log_of(self, number: int) -> str:
        """What a worker logged."""
        return (self.folder / f"worker-{number + 1}.log").read_text(errors="replace")


@contextmanager
def started(folder: Path, workers: int) -> Iterator[Cluster]:
    """A scheduler with workers, up when this yields, gone when it is left."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        cluster.until_there(workers)
        yield cluster
    finally:
        cluster.stop()


def parquet(data: Path) -> dict[str, bytes]:
    """Every Parquet file of the latest release and its restricted part: name -> bytes."""
    release = (data / "releases" / "latest").resolve()
    out = {}
    for top in (release, data / "restricted" / release.name):
        for path in sorted(top.rglob("*.parquet")):
            out[f"{top.parent.name}/{path.relative_to(top)}"] = path.read_bytes()
    return out
