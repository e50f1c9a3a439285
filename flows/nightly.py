"""The nightly flow: the route on one screen.

What belongs here: the order of the stages, parameters, the final state. What does not: SQL, rows, decisions about a site.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prefect.flow_engine
import prefect.task_engine  # noqa: F401
from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, State
from pydantic import BaseModel, Field

from flows import crashed
from flows.check import choose_deliveries, hold_sites
from flows.engine import cluster, session
from flows.engine.assemble import Outcome
from flows.harmonize import harmonize, pool_trials
from flows.publish import publish_release
from flows.pull import pull_sites
from flows.shown import progressing
from schemas.rules import catalogue


class NightlyRequest(BaseModel):
    """What a night is asked to do."""

    config: Path = Field(default=Path("config/demo"), description="Configuration folder.")
    data: Path = Field(default=Path("data"), description="Data folder; one run at a time writes into it.")
    sites: list[str] = Field(default=[], description="Pull only these sites (study/site); empty: all.")
    as_of: dt.datetime | None = Field(default=None, description="Replay with the deliveries known then; pulls nothing.")
    config_as_of: dt.date | None = Field(default=None, description="Replay with the configuration kept with the release of this day.")
    reason: str = Field(default="", description="Why, for the manifest and the ledger.")
    dask: str = Field(default="", description="Address of a Dask scheduler whose workers work the batches; empty: this machine.")
    wait_minutes: float = Field(default=0, ge=0, description="How long to wait for a data folder that another run holds.")
    started: float | None = Field(default=None, description="When the command began, seconds since 1970.")


@flow(name="nightly", persist_result=False, log_prints=False)
def nightly(request: NightlyRequest) -> State[Outcome]:
    """Turn the sites' exports into one release, or leave the last one standing."""
    crashed.end_with_worker()
    asked = (
        request.config, request.data, frozenset(request.sites), request.as_of, request.started, request.config_as_of,
        60 * request.wait_minutes,
    )  # fmt: skip
    with session.opened(*asked) as run, progressing(), cluster.joined(request.dask) as machines:
        if run.killed:
            crashed.settle(request.data, run.killed)
        run.troubles = pull_sites(run.to_pull(), run.night)
        roster = choose_deliveries(run.night, run.troubles)
        while roster.work_left:
            roster = hold_sites(roster, harmonize(roster, machines))
        outcome = publish_release(roster, pool_trials(roster), request.reason)
        run.finish(outcome, roster)
    return final_state(outcome)


def final_state(outcome: Outcome) -> State[Any]:
    """Completed, or Completed under the name Degraded when some site is not there with its newest data."""
    done = "published" if outcome.published else "nothing changed"
    name = "Degraded" if outcome.degraded else "Completed"
    return Completed(name=name, message=f"{done}: release {outcome.release.release_id}", data=outcome)


def run(request: NightlyRequest, ready: Callable[[], None] = lambda: None) -> Outcome:
    """Run one night here and now as soon as the server is `ready`; the heartbeat would add a second to each run."""
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        catalogue()  # what is needed later anyway is loaded while the server starts
        ready()
        ended: Outcome = nightly(request)  # type: ignore[assignment]
    return ended
