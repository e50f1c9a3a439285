"""What others see of a run: log lines, alerts, metrics, lineage. None of it may make a run fail.

What belongs here: telling each of them how a run ended. What does not: what each tells (its own module), Prefect's artifacts
(flows/shown.py). What is heavy is imported only where somebody is to be told: a night in which nothing changed tells, too.
"""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.engine.config import alerts_of
from flows.engine.lock import LockedError
from flows.engine.seen import log
from flows.engine.seen.ended import Ended
from schemas.alerts import AlertKind, Alerts
from schemas.findings import TrialweaveError

#: Beginnings of the environment variables that send metrics and lineage somewhere.
_ASKED = ("OTEL_EXPORTER_OTLP_", "OPENLINEAGE_")


def ended(chosen: Alerts | None, data: Path, told: Ended) -> None:
    """Tell how a run ended, wherever somebody wants to know."""
    for line in told.lines:
        study, _, site = line.key.partition("/")
        log.tell(
            "site", study=study, site=site, status=line.status, received=line.received, kept=line.kept, quarantined=line.quarantined,
            findings=line.open, new=line.new, resolved=line.resolved, age_days=line.age_on(told.day),
        )  # fmt: skip
    log.tell(
        "run_failed" if told.outcome == "failed" else "run_finished", level=logging.ERROR if told.outcome == "failed" else logging.INFO,
        outcome=told.outcome, release=told.manifest.get("release_id"), published=told.published, recomputed=len(told.recomputed),
        reused=told.reused, seconds=round(told.finished - told.started, 3), error=told.error or None,
    )  # fmt: skip
    if _is_asked():
        _try("metrics", lambda: _metrics(told))
        _try("lineage", lambda: _lineage(told, data))
    if chosen is not None and (told.outcome == "failed" or told.killed or (told.leads and not told.replay)):
        _try("alerts", lambda: _alert(chosen, data, told))


def nothing_changed(chosen: Alerts | None, data: Path, release_id: str, outcome: str, began: float, exports: int) -> None:
    """Tell of a run that found everything as it was: sites grow stale all the same."""
    run = uuid.uuid4().hex[:12]
    log.begin(data, run)
    manifest: dict[str, Any] = {"release_id": release_id, "sites": []}
    if chosen is not None or _is_asked():
        manifest = json.loads((data / "releases" / release_id / "manifest.json").read_text(encoding="utf-8"))
    ended(chosen, data, Ended(run, began, time.time(), outcome, leads=True, manifest=manifest, reused=exports))


@contextmanager
def failure_told(config: Path, data: Path, run: str, began: float, ends: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Tell of a run that fails, once, for whatever reason but that another one holds the data folder or that a person stopped it. `ends`:
    exceptions that are no failures.

    Its first line is told, or of an error that was not foreseen only its kind, because its text may hold anything.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, (LockedError, *ends)) and not getattr(error, "is_told", False):
            error.is_told = True  # type: ignore[attr-defined]
            why = str(error).splitlines()[0] if isinstance(error, TrialweaveError) else type(error).__name__
            ended(alerts_of(config), data, Ended(run, began, time.time(), "failed", error=why))
        raise


def _is_asked() -> bool:
    return any(name.startswith(_ASKED) for name in os.environ)


def _metrics(told: Ended) -> None:
    from flows.engine.seen import metrics

    metrics.post(told)


def _lineage(told: Ended, data: Path) -> None:
    from flows.engine.seen import openlineage

    openlineage.post(told, data)


def _alert(chosen: Alerts, data: Path, told: Ended) -> None:
    from flows.engine.seen import alerts

    facts: dict[str, Any] = {"run": told.run, "release": told.manifest.get("release_id", "")}
    if told.outcome == "failed":
        due = [alerts.Alert(AlertKind.FAILED, f"failed {told.run}", "", f"the run failed; the last release stands\n  why  -> {told.error}")]
    elif told.leads and not told.replay:
        due = alerts.standing(told.manifest, told.day, chosen.stale_days)
        due += alerts.special_interest(told.special, str(facts["release"]))
    else:
        due = []
    if told.leads and not told.replay:
        due += alerts.missed(data, told.started, chosen.missed_hours)
    if told.killed:
        text = f"a run was killed ({told.killed}); this one went on from there"
        due.append(alerts.Alert(AlertKind.KILLED, f"killed {told.killed}", "", text))
    alerts.tell(chosen, data, due, told.outcome, told.day, facts, told.finished)


def _try(name: str, act: Callable[[], None]) -> None:
    """Do one of them; its trouble is a warning."""
    try:
        act()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        from flows.engine.seen.send import SendError

        log.tell("not_told", level=logging.WARNING, step=name, error=str(error) if isinstance(error, SendError) else type(error).__name__)
