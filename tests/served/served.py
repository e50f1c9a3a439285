"""`trialweave serve` as a process of its own, started and stopped as a person would.

What belongs here: starting, stopping, and whether anything of it is left. What does not: asking its server (prefect_api.py).
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
from tests.served.prefect_api import Api

UP_S = 300
STOP_S = 60


class Served:
    """A running `trialweave serve`."""

    def __init__(self, data: Path, port: int, *words: str) -> None:
        self.data, self.api = data, Api(port)
        self.log = data.with_name(f"{data.name}-serve.log")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        command = [sys.executable, "-m", "flows", "serve", "--data", str(data), "--port", str(port), *words]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def until(self, text: str, limit_s: float = UP_S) -> None:
        """Wait until it has printed a text. Raises TimeoutError or RuntimeError."""
        end = time.monotonic() + limit_s
        while text not in self.said:
            if self.process.poll() is not None:
                raise RuntimeError(f"trialweave serve ended with {self.process.returncode}\n{self.said}")
            if time.monotonic() > end:
                raise TimeoutError(f"trialweave serve did not say {text!r} within {limit_s:.0f} s\n{self.said}")
            time.sleep(0.2)

    def stop(self) -> int:
        """Ask it to end, as systemd would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def serving(data: Path, port: int, *words: str) -> Iterator[Served]:
    """`trialweave serve` on a data folder, up when this yields, ended when it is left."""
    served = Served(data, port, *words)
    try:
        served.until(f"Prefect on http://127.0.0.1:{port}")
        yield served
    finally:
        served.stop()


def family(root: int) -> dict[int, str]:
    """A process and all that descend from it: number -> what it is."""
    children: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
                names[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        if pid in names:
            found[pid] = names[pid]
        todo += children.get(pid, [])
    return found


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Those that still run, as what they were."""
    left = {}
    for pid, name in pids.items():
        try:
            now = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if now == name and now:
            left[pid] = name
    return left
