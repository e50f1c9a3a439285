"""The backfill flow: nights and sites again, with the deliveries known then and today's mapping.

What belongs here: which nights, in which order. What does not: a night itself (flows/nightly.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Self

from prefect import flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, State
from pydantic import BaseModel, Field, model_validator

from flows.engine import lock, progress, replay
from flows.engine.assemble import Outcome
from flows.nightly import NightlyRequest, nightly


class BackfillRequest(BaseModel):
    """Which nights to replay. A night is the end of that day in UTC."""

    first: dt.date = Field(description="First night.")
    last: dt.date = Field(description="Last night, included.")
    config: Path = Field(default=Path("config/demo"), description="Configuration folder.")
    data: Path = Field(default=Path("data"), description="Data folder.")
    sites: list[str] = Field(default=[], description="Replay only these sites (study/site), the others stay as published; empty: all.")
    reason: str = Field(default="", description="Why, for the manifest and the ledger.")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """The first night is not after the last."""
        if self.last < self.first:
            raise ValueError(f"the last night {self.last} is before the first {self.first}")
        return self


@flow(name="backfill", persist_result=False, log_prints=False)
def backfill(request: BackfillRequest) -> State[list[Outcome]]:
    """Replay each night in order, newest last; a night whose release already holds the same costs nothing."""
    done: list[Outcome] = []
    nights = replay.nights(request.first, request.last)
    with lock.writing(request.data):
        for number, as_of in enumerate(nights):
            progress.tell("backfill", number, len(nights))
            if replay.changes_something(request.config, request.data, frozenset(request.sites), as_of):
                done.append(nightly(night_of(request, as_of)))  # type: ignore[arg-type]
    degraded = any(outcome.degraded for outcome in done)
    return Completed(name="Degraded" if degraded else "Completed", message=f"{len(done)} of {len(nights)} nights changed", data=done)


def night_of(request: BackfillRequest, as_of: dt.datetime) -> NightlyRequest:
    """One night of a backfill."""
    told: dict[str, Any] = request.model_dump(include={"config", "data", "sites", "reason"})
    return NightlyRequest(as_of=as_of, **told)


def run(request: BackfillRequest) -> list[Outcome]:
    """Run a backfill here and now."""
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        ended: list[Outcome] = backfill(request)  # type: ignore[assignment]
    return ended
