"""One run on a data folder from lock to ledger: what it starts with, and how it is written down when it ends.

What belongs here: locking, clearing leftovers, loading, the notes last_run.json, state.json and the ledger's lines.
What does not: the work (night.py, assemble.py), the command line.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.engine import coding, deidentify, landed, ledger, lock, preview, recovery, releases, restricted, seen, state, unblinding
from flows.engine.assemble import Outcome
from flows.engine.config_then import configured
from flows.engine.night import Night
from flows.engine.releases import Release
from flows.engine.roster import Roster
from flows.engine.seen import log
from flows.engine.seen.ended import Ended
from flows.engine.units import units_of
from schemas.findings import ConfigurationError, TrialweaveError


@dataclass
class Session:
    """An open run. `look` is None for a replay, which pulls nothing. `run` names it in logs and alerts. `killed`: which run was killed and
    told nothing itself; empty when none was."""

    night: Night
    look: state.Look | None
    started: float
    run: str
    killed: str = ""
    flow_started: float = field(default_factory=time.time)
    troubles: dict[str, str] = field(default_factory=dict)

    def to_pull(self) -> list[str]:
        """Units whose source is not as it was when it was last pulled."""
        if self.look is None:
            return []
        known = state.read(self.night.data)
        before = known.look.sources if known else {}
        return [k for k, sha256 in self.look.sources.items() if not sha256 or before.get(k) != sha256 or not self._landed(k)]

    def _landed(self, key: str) -> bool:
        """Whether the newest delivery lies in landing, by name and size: what was lost is pulled again, while the source still has it."""
        site = self.night.programme.units[key].site
        return landed.is_there(self.night.data, site.study, site.site_id)

    def finish(self, outcome: Outcome, roster: Roster) -> None:
        """Write down how the run ended."""
        if self.look is not None and outcome.is_latest:
            read = {k: "" if k in self.troubles else v for k, v in self.look.sources.items()}
            looked = state.Look(self.look.config, self.look.code, read)
            sources = state.after(state.read(self.night.data), looked)
            note = state.State(
                state.Look(looked.config, looked.code, {k: v for k, v in sources.items() if k in self.night.programme.units}),
                outcome.release.release_id, outcome.degraded, settled=not roster.passing,
            )  # fmt: skip
            state.write(self.night.data, note)
        told = "degraded" if outcome.degraded else "ok"
        self.note(outcome.release.release_id, told, outcome.recomputed, outcome.reused)
        ledger.append(
            self.night.data, "run_finished", release_id=outcome.release.release_id, outcome=told, published=outcome.published,
            recomputed=len(outcome.recomputed), reused=outcome.reused,
        )  # fmt: skip
        ended = Ended(
            self.run, self.started, time.time(), told, replay=self.look is None, published=outcome.published, leads=outcome.is_latest,
            manifest=outcome.release.manifest, recomputed=tuple(outcome.recomputed), reused=outcome.reused,
            resolved=outcome.resolved, special=outcome.special, killed=self.killed,
        )  # fmt: skip
        seen.ended(self.night.programme.alerts, self.night.data, ended)

    def note(self, release_id: str | None, outcome: str, recomputed: list[str], reused: int) -> None:
        """Write last_run.json."""
        state.write_last_run(self.night.data, self.started, self.flow_started, release_id, outcome, recomputed, reused)


@contextmanager
def opened(
    config: Path, data: Path, only: frozenset[str] = frozenset(), as_of: dt.datetime | None = None, started: float | None = None,
    kept_on: dt.date | None = None, wait_s: float = 0,
) -> Iterator[Session]:  # fmt: skip
    """Open a run: lock, clear what a killed run left, load the configuration (`kept_on`: of that day). `as_of` replays a past night.
    A folder that another run holds is waited for up to `wait_s`.

    A run that fails is written down as failed, and its error goes on.
    """
    began, run = time.time() if started is None else started, uuid.uuid4().hex[:12]
    with seen.failure_told(config, data, run, began), lock.writing(data, wait_s):
        log.begin(data, run)
        recovery.demand_ledger(data)
        if leftover := lock.left_by(data):
            ledger.append(data, "lock_taken_over", left_by=leftover)
            log.tell("last_run_was_killed", level=logging.WARNING)
        for name in releases.clear_leftovers(data):
            ledger.append(data, "leftover_removed", name=name)
        recovery.put_right(data)
        before = state.config_files_sha256(config, dt.datetime.now(dt.UTC).date())
        with _night(config, data, only, as_of, kept_on) as night:
            look = None if as_of else state.look(config, night.programme, night.only, before)
            session = Session(night, look, began, run, killed=_killed(leftover))
            ledger.append(data, "run_started", run=run, as_of=night.as_of.isoformat(), config=str(config), only=sorted(night.only))
            log.tell("run_started", night=night.as_of.date().isoformat(), base=night.base.release_id if night.base else None)
            try:
                yield session
            except BaseException as error:
                session.note(None, "failed", [], 0)
                ledger.append(data, "run_failed", error=type(error).__name__)
                raise


def _killed(leftover: dict[str, Any] | None) -> str:
    """The holder that died, in words."""
    return f"process {leftover.get('pid')} on {leftover.get('host')}, begun {leftover.get('since')}" if leftover else ""


@contextmanager
def rehearsed(
    config: Path, data: Path, only: frozenset[str], as_of: dt.datetime, kept_on: dt.date | None, before: Release | None
) -> Iterator[Night]:
    """A past night as it would be replayed, of which nothing will be published. `before`: what the nights before would have published."""
    with lock.writing(data), _night(config, data, only, as_of, kept_on) as night:
        if preview.on_top(before, data, as_of):
            night.base = before
        yield night


@contextmanager
def _night(
    config: Path, data: Path, only: frozenset[str], as_of: dt.datetime | None, kept_on: dt.date | None
) -> Iterator[Night]:
    """The night with everything it needs to know. Raises ConfigurationError for what must not be begun."""
    now = dt.datetime.now(dt.UTC)
    at = min(as_of, now) if as_of else now
    if as_of is None:
        _demand_clock(data, now)
    with configured(config, data, at.date(), kept_on) as (programme, kept):
        if wrong := coding.problems(coding.load_dictionary(programme.codelists), programme):
            raise ConfigurationError("\n".join(wrong))
        deidentify.demand_keys(programme.trials.values(), present.manifest if (present := releases.latest(data)) else {})
        unblinding.demand(programme, data)
        restricted.shut(data)
        restricted.guard(data)
        base = releases.standing(data, at)
        yield Night(programme, data, at, units_of(programme, only), base, replay=as_of is not None, config_files=kept)


def _demand_clock(data: Path, now: dt.datetime) -> None:
    """Raises TrialweaveError when this machine's clock is behind the release that stands: deliveries that it holds would not count yet."""
    present = releases.latest(data)
    if present is not None and present.as_of > now:
        raise TrialweaveError(
            f"this machine's clock says {now.isoformat(timespec='seconds')}, but the release that stands was made as of "
            f"{present.as_of.isoformat(timespec='seconds')}; nothing was begun, the release stands\n"
            "  fix   -> set the clocks of every machine that runs on this data folder right (NTP), then run again"
        )


#: What the manifest says of a site's findings.
COUNTED = ("findings", "findings_open", "findings_new")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """What a script wants to know of a run."""
    return {
        "release": outcome.release.release_id, "folder": str(outcome.release.folder), "published": outcome.published,
        "latest": outcome.is_latest, "degraded": outcome.degraded, "recomputed": outcome.recomputed, "reused": outcome.reused,
        "sites": sites_as_json(outcome.release),
    }  # fmt: skip


def sites_as_json(release: Release) -> list[dict[str, Any]]:
    """What a script wants to know of a release's sites."""
    names = ("study", "site", "status", "age_days", "delivered_on", "reason", "tables", *COUNTED)
    return [{k: s[k] for k in names} for s in release.manifest["sites"]]
