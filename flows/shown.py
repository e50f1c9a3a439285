"""What Prefect's pages show of a run beside its state: how far it is, its sites, where its release lies.

What belongs here: artifacts, keys and counts only. What does not: what others are told of a run (flows/engine/seen).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_link_artifact, create_progress_artifact, create_table_artifact, update_progress_artifact

from flows.engine import progress
from flows.engine.assemble import Outcome
from flows.engine.summary import site_lines

#: Seconds between two looks at the progress; each costs a request.
EVERY_S = 2.0
#: Step -> where it begins and ends, in percent of a night.
STEPS = {"pull": (0, 30), "check and harmonize": (30, 85), "pool": (85, 90), "publish": (90, 100)}


def quietly(leave: Callable[[], Any]) -> Any:
    """Leave an artifact. What it tells of stands anyway; a server that cannot take it is a warning, not a failed run."""
    try:
        return leave()
    except Exception as error:  # noqa: BLE001 - whatever the server's trouble is, the run goes on
        get_run_logger().warning("an artifact could not be stored: %s", type(error).__name__)
        return None


def show(outcome: Outcome) -> None:
    """A table of the sites, and a link to the report, or to the release where it has none."""
    today = outcome.release.as_of.date()
    rows = [
        {
            "site": s.key, "status": s.status, "received": s.received, "kept": s.kept, "quarantined": s.quarantined,
            "findings open": s.open, "new findings": s.new, "resolved findings": s.resolved, "age of data in days": s.age_on(today),
        }
        for s in site_lines(outcome.release.manifest, outcome.resolved)
    ]  # fmt: skip
    folder = outcome.release.folder.resolve()
    report = folder / "report.html"
    link = (report if report.is_file() else folder / "manifest.json").as_uri()
    quietly(lambda: create_table_artifact(key="sites", table=rows, description=f"Release {outcome.release.release_id}"))
    how = "A browser opens a file from a page only when its address is copied into the address line."
    quietly(lambda: create_link_artifact(key="release", link=link, link_text=outcome.release.release_id, description=how))


@contextmanager
def progressing() -> Iterator[None]:
    """While this holds, a bar on the run's page shows how far the night is."""
    bar: UUID | None = quietly(lambda: create_progress_artifact(progress=0.0, key="progress", description="starting"))
    last = time.monotonic()

    def listener(step: str, done: int, total: int) -> None:
        nonlocal last
        if bar is None or step not in STEPS or time.monotonic() - last < EVERY_S:
            return
        last = time.monotonic()
        begin, end = STEPS[step]
        percent = begin + (end - begin) * (done / total if total else 0)
        quietly(lambda: update_progress_artifact(bar, progress=percent, description=f"{step} {done} of {total}" if total else step))

    progress.listen(listener)
    try:
        yield
    finally:
        progress.stop(listener)
    if bar is not None:
        quietly(lambda: update_progress_artifact(bar, progress=100.0, description="done"))
