"""Prefect's server as a child of `trialweave serve`: started, watched, started again when it dies.

What belongs here: the process and its port. What does not: the worker and its deployments (flows/serve.py).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from flows import prefect_home
from schemas.findings import TrialweaveError

START_S = 180
STOP_S = 20
#: A server that dies more often than so many times within so many seconds is not started again.
TIMES, WITHIN_S = 3, 600.0


class Server:
    """A server on a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._died: list[float] = []
        self._child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, preexec_fn=_end_with_parent)

    def wait(self) -> None:
        """Return when it answers. Raises TrialweaveError when it does not come up."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if (code := self._child.poll()) is not None:
                raise TrialweaveError(
                    f"Prefect's server ended at once (code {code})\n  fix   -> is port {self.port} taken? another one: --port\n"
                    f"  or    -> {prefect_home.database_to_look_at(Path(os.environ.get('PREFECT_HOME', '')))}"
                )
            if answers(self.port):
                return
            time.sleep(0.3)
        raise TrialweaveError(f"Prefect's server did not answer on port {self.port} within {START_S} s")

    async def keep(self) -> None:
        """Start it again when it dies. Raises TrialweaveError when that does not help."""
        while True:
            await asyncio.sleep(1)
            if (code := self._child.poll()) is None:
                continue
            self._died = [t for t in self._died if time.monotonic() - t < WITHIN_S] + [time.monotonic()]
            if len(self._died) > TIMES:
                raise TrialweaveError(
                    f"Prefect's server died {len(self._died)} times within {WITHIN_S / 60:.0f} minutes (code {code}); "
                    "the last release stands\n"
                    "  fix   -> look at memory and disk, then start `trialweave serve` again"
                )
            typer.echo(f"Prefect's server ended (code {code}); starting it again", err=True)
            self._child = self._start()
            await asyncio.to_thread(self.wait)
            typer.echo(f"Prefect on http://127.0.0.1:{self.port} again", err=True)

    def stop(self) -> None:
        """End it; one that does not end is ended."""
        self._child.terminate()
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


@contextmanager
def running(port: int) -> Iterator[Server]:
    """A server that answers when this yields and is gone when it ends."""
    server = Server(port)
    try:
        server.wait()
        yield server
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()


def answers(port: int) -> bool:
    """Whether a server answers on a port of this machine."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _end_with_parent() -> None:
    """In the child: Linux ends it when this process ends, in whichever way, so that a killed one leaves no server on the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
