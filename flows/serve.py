"""Prefect's server and a worker on this machine, with the deployments `nightly` and `backfill`.

What belongs here: the deployments, the worker, stopping all cleanly. What does not: settings (flows/prefect_home.py, which must have been
put into the environment before this module is imported), the server's process (flows/served_server.py), the flows.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import EntrypointType, RunnerDeployment
from prefect.runner import Runner

from flows import crashed, prefect_home, run_history
from flows.backfill import backfill
from flows.engine import lock
from flows.nightly import nightly
from flows.served_server import Server, running
from schemas.findings import ConfigurationError

#: Minutes that a run on a server waits for a data folder that another one holds.
WAIT_MINUTES = 120


def deployments(config: Path, data: Path, cron: str, timezone: str, dask: str) -> list[RunnerDeployment]:
    """The two deployments as prefect.yaml has them, for this configuration and data folder."""
    where = {"config": str(config), "data": str(data), "dask": dask, "wait_minutes": WAIT_MINUTES}
    last_night = dt.datetime.now(dt.UTC).date().isoformat()
    night = nightly.to_deployment(
        name="nightly", schedule=schedule(cron, timezone), parameters={"request": where},
        concurrency_limit=1, entrypoint_type=EntrypointType.MODULE_PATH, description="Every night: pull, check, harmonize, publish.",
    )  # fmt: skip
    again = backfill.to_deployment(
        name="backfill", parameters={"request": {**where, "first": last_night, "last": last_night}}, concurrency_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH, description="Nights and sites again, with the deliveries known then.",
    )  # fmt: skip
    return [night, again]  # type: ignore[list-item]


def schedule(cron: str, timezone: str) -> CronSchedule:
    """When the nightly run starts. Raises ConfigurationError for what is no time."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"--timezone {timezone!r} is no time zone\n  fix   -> an IANA name, such as Europe/Berlin") from None
    try:
        return CronSchedule(cron=cron, timezone=timezone)
    except ValueError:
        told = f"--cron {cron!r} is no schedule"
        raise ConfigurationError(f"{told}\n  fix   -> minute, hour, day, month, day of the week, such as '15 4 * * *'") from None


def serve(config: Path, data: Path, port: int, cron: str, timezone: str, dask: str = "") -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code. Raises TrialweaveError when the server does not come up, or not again."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job started in the background of a script inherits it ignored
    schedule(cron, timezone)
    run_history.begin(data / ".prefect")
    with running(port) as server, _told(data, port):
        _settle(data)
        crashed.watch()
        told = f"Prefect on http://127.0.0.1:{port}; nightly at '{cron}' {timezone}; data in {data}"
        try:
            asyncio.run(_work(deployments(config, data, cron, timezone, dask), server, told))
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


def _settle(data: Path) -> None:
    """What a killed `trialweave serve` left in the history as running does not run, unless somebody holds the data folder."""
    try:
        with lock.writing(data):
            crashed.settle(data, "its worker was killed")
    except lock.LockedError:
        return


async def _work(made: Sequence[RunnerDeployment], server: Server, told: str) -> None:
    """Register the deployments, say so, and work off their runs, one at a time, until stopped, while the server is kept alive."""
    asyncio.get_running_loop().set_exception_handler(told_by_loop)
    worker = _Worker(name="trialweave", pause_on_shutdown=False, limit=1)
    for deployment in made:
        await worker.aadd_deployment(deployment)
    typer.echo(told)
    keeping = asyncio.create_task(server.keep())
    working = asyncio.create_task(worker.start())
    done, _ = await asyncio.wait([keeping, working], return_when=asyncio.FIRST_COMPLETED)
    for task in (keeping, working):
        if task not in done:
            task.cancel()
    for task in done:
        task.result()


def told_by_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Python's own telling of what went wrong in the loop; that something was cancelled, as Prefect's channel to a run is by SIGTERM, is
    no fault (Python 3.11 tells it with a traceback)."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
