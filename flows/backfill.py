"""The backfill flow: nights and sites again, with the deliveries known then and today's mapping, or that of a day.

What belongs here: which nights, in which order, what is only rehearsed, what Prefect shows of it. What does not: a night itself
(flows/nightly.py), whether a night would change (flows/engine/replay.py), what a rehearsal tells (flows/engine/preview.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Self

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, State
from pydantic import BaseModel, Field, model_validator

from flows import crashed
from flows.check import choose_deliveries, hold_sites
from flows.engine import cluster, lock, preview, progress, session
from flows.engine.assemble import Outcome
from flows.engine.preview import Impact
from flows.engine.releases import Release
from flows.engine.replay import Replay, nights
from flows.harmonize import harmonize, pool_trials
from flows.nightly import NightlyRequest, nightly
from flows.shown import quietly


class BackfillRequest(BaseModel):
    """Which nights to replay. A night is the end of that day in UTC."""

    first: dt.date = Field(description="First night.")
    last: dt.date = Field(description="Last night, included.")
    sites: list[str] = Field(default=[], description="Replay only these sites (study/site), the others stay as published; empty: all.")
    reason: str = Field(default="", description="Why, for the manifest and the ledger.")
    dry_run: bool = Field(default=False, description="Only tell what would change; publish nothing.")
    config_as_of: dt.date | None = Field(default=None, description="Day whose release's kept configuration is used; empty: today's.")
    dask: str = Field(default="", description="Address of a Dask scheduler whose workers work the batches; empty: this machine.")
    wait_minutes: float = Field(default=0, ge=0, description="How long to wait for a data folder that another run holds.")
    config: Path = Field(default=Path("config/demo"), description="Configuration folder.")
    data: Path = Field(default=Path("data"), description="Data folder.")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """The first night is not after the last."""
        if self.last < self.first:
            raise ValueError(f"the last night {self.last} is before the first {self.first}")
        return self


@flow(name="backfill", persist_result=False, log_prints=False)
def backfill(request: BackfillRequest) -> State[list[Outcome] | list[Impact]]:
    """Replay each night in order, newest last; a night whose release already holds the same costs nothing, and one that was done before
    the run was stopped is such a night."""
    crashed.end_with_worker()
    asked = nights(request.first, request.last)
    with lock.writing(request.data, 60 * request.wait_minutes) as leftover:
        if leftover:
            crashed.settle(request.data)
        told = rehearse(request, asked) if request.dry_run else replay(request, asked)
    _show(request, told)
    if request.dry_run:
        changed = sum(t.changes for t in told if isinstance(t, Impact))
        return Completed(name="Rehearsed", message=f"{changed} of {len(asked)} nights would change", data=told)
    degraded = any(t.degraded for t in told if isinstance(t, Outcome))
    return Completed(name="Degraded" if degraded else "Completed", message=f"{len(told)} of {len(asked)} nights changed", data=told)


def replay(request: BackfillRequest, asked: list[dt.datetime]) -> list[Outcome]:
    """Publish the nights that would change, one after the other."""
    known = Replay(request.config, request.data, frozenset(request.sites), request.config_as_of)
    done: list[Outcome] = []
    for number, as_of in enumerate(asked):
        progress.tell("backfill", number, len(asked))
        if not known.stands(as_of):
            done.append(nightly(night_of(request, as_of)))  # type: ignore[arg-type]
            known.note(as_of)
    return done


def rehearse(request: BackfillRequest, asked: list[dt.datetime]) -> list[Impact]:
    """Draw each night up aside and compare it with what stands, each on top of the one before."""
    known = Replay(request.config, request.data, frozenset(request.sites), request.config_as_of)
    told: list[Impact] = []
    drawn: Release | None = None
    with preview.aside(request.data) as place, cluster.joined(request.dask) as machines:
        for number, as_of in enumerate(asked):
            progress.tell("rehearse", number, len(asked))
            if not preview.on_top(drawn, request.data, as_of) and known.stands(as_of):
                continue
            with session.rehearsed(request.config, request.data, frozenset(request.sites), as_of, request.config_as_of, drawn) as night:
                roster = choose_deliveries(night, {})
                while roster.work_left:
                    roster = hold_sites(roster, harmonize(roster, machines))
                drawn, impact = preview.draw_up(roster, pool_trials(roster).value, place)
                told.append(impact)
    return [t for t in told if t.changes]


def night_of(request: BackfillRequest, as_of: dt.datetime) -> NightlyRequest:
    """One night of a backfill."""
    told: dict[str, Any] = request.model_dump(include={"config", "data", "sites", "reason", "config_as_of", "dask"})
    return NightlyRequest(as_of=as_of, **told)


def _show(request: BackfillRequest, told: list[Outcome] | list[Impact]) -> None:
    """Leave a table of the nights with the flow run: keys and counts only."""
    rows = [_line(t) for t in told]
    description = f"{request.first} to {request.last}" + (": what would change, nothing was published" if request.dry_run else "")
    quietly(lambda: create_table_artifact(key="backfill-preview" if request.dry_run else "backfill", table=rows, description=description))


def _line(told: Outcome | Impact) -> dict[str, Any]:
    if isinstance(told, Impact):
        moved = ", ".join(f"{site} {before} -> {after}" for site, (before, after) in told.sites.items())
        return {"night": told.night.isoformat(), "latest": told.leads, **told.counts, "sites": moved}
    return {
        "night": told.release.as_of.date().isoformat(), "release": told.release.release_id, "latest": told.is_latest,
        "degraded": told.degraded, "recomputed": len(told.recomputed), "reused": told.reused,
    }  # fmt: skip


def run(request: BackfillRequest) -> list[Any]:
    """Run a backfill here and now: the outcomes of the nights that changed, or what would change."""
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        ended: list[Any] = backfill(request)  # type: ignore[assignment]
    return ended
