"""Prefect's server and a worker on this machine, with the deployments `nightly` and `backfill`.

What belongs here: starting both on loopback, stopping both cleanly. What does not: settings (flows/prefect_home.py, which must
have been put into the environment before this module is imported), the flows.
"""

from __future__ import annotations

import asyncio
import ctypes
import datetime as dt
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import EntrypointType, RunnerDeployment
from prefect.runner import Runner

from flows import prefect_home
from flows.backfill import backfill
from flows.nightly import nightly
from schemas.findings import TrialweaveError

START_S = 90
STOP_S = 20


def deployments(config: Path, data: Path, cron: str, timezone: str) -> list[RunnerDeployment]:
    """The two deployments as prefect.yaml has them, for this configuration and data folder."""
    where = {"config": str(config), "data": str(data)}
    last_night = dt.datetime.now(dt.UTC).date().isoformat()
    night = nightly.to_deployment(
        name="nightly", schedule=CronSchedule(cron=cron, timezone=timezone), parameters={"request": where},
        concurrency_limit=1, entrypoint_type=EntrypointType.MODULE_PATH, description="Every night: pull, check, harmonize, publish.",
    )  # fmt: skip
    again = backfill.to_deployment(
        name="backfill", parameters={"request": {**where, "first": last_night, "last": last_night}}, concurrency_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH, description="Nights and sites again, with the deliveries known then.",
    )  # fmt: skip
    return [night, again]  # type: ignore[list-item]


def serve(config: Path, data: Path, port: int, cron: str, timezone: str) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code. Raises TrialweaveError when the server does not come up."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job started in the background of a script inherits it ignored
    with server(port), _told(data, port):
        typer.echo(f"Prefect on http://127.0.0.1:{port}; nightly at '{cron}' {timezone}; data in {data}")
        try:
            asyncio.run(_work(deployments(config, data, cron, timezone)))
        except KeyboardInterrupt:
            typer.echo("stopping")
    return 0


@contextmanager
def _told(data: Path, port: int) -> Iterator[None]:
    """While this holds, commands on the same data folder use this server."""
    home = data / ".prefect"
    prefect_home.tell_served(home, port)
    try:
        yield
    finally:
        (home / prefect_home.SERVING).unlink(missing_ok=True)


class _Worker(Runner):
    """Prefect's runner; its own answer to SIGTERM forgets to await its end, so it is stopped as by Ctrl-C, which asyncio handles."""

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        """End the worker."""
        signal.raise_signal(signal.SIGINT)


async def _work(made: Sequence[RunnerDeployment]) -> None:
    """Register the deployments and work off their runs, one at a time, until stopped."""
    worker = _Worker(name="trialweave", pause_on_shutdown=False, limit=1)
    for deployment in made:
        await worker.aadd_deployment(deployment)
    await worker.start()


@contextmanager
def server(port: int) -> Iterator[None]:
    """Prefect's server as a child process, up when this yields, gone when it ends."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True, preexec_fn=_end_with_parent)
    try:
        _wait(child, port)
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _end_with_parent() -> None:
    """In the child: Linux ends it when this process ends, in whichever way, so that a killed one leaves no server on the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _wait(child: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if child.poll() is not None:
            raise TrialweaveError(f"Prefect's server ended at once (code {child.returncode}); is port {port} taken?")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise TrialweaveError(f"Prefect's server did not answer on port {port} within {START_S} s")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
