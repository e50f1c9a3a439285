"""Past nights: which moments they are, and whether replaying one would change anything.

What belongs here: the cheap look before a night is replayed, and the note of nights that were looked at. What does not: replaying one
(flows/backfill.py), what a replay would change (preview.py).

    data/replayed.json    keys of nights that hold what they would hold when replayed: what was known then, mapping, code, release
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.engine import answers, assemble, config, decisions, landed, releases, snapshots, state
from flows.engine.config_then import configured, end_of
from flows.engine.fingerprint import code_sha256
from flows.engine.landed import Arrival
from flows.engine.night import Night
from flows.engine.roster import pool
from flows.engine.settling import enter
from flows.engine.units import units_of

NAME = "replayed.json"
_KEPT = 5_000


def nights(first: dt.date, last: dt.date) -> list[dt.datetime]:
    """The end of each day in UTC, oldest first; never later than now."""
    now = dt.datetime.now(dt.UTC)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [min(end_of(day), now) for day in days if day <= now.date()]


@dataclass
class Replay:
    """What the nights of one backfill have in common. `kept_on`: the day whose configuration is used, None: today's."""

    config: Path
    data: Path
    only: frozenset[str]
    kept_on: dt.date | None = None
    _same: set[str] = field(default_factory=set)
    _arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    _mappings: list[tuple[dt.date, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._same = set(_noted(self.data))

    def stands(self, as_of: dt.datetime) -> bool:
        """Whether the release of a night holds already what a replay would give. A night looked at before costs next to nothing."""
        key = self._key(as_of)
        if key in self._same:
            return True
        with configured(self.config, self.data, as_of.date(), self.kept_on) as (programme, files):
            night = Night(
                programme, self.data, as_of, units_of(programme, self.only), releases.standing(self.data, as_of), replay=True,
                config_files=files,
            )  # fmt: skip
            if not _holds(night):
                return False
        self.note(as_of)
        return True

    def note(self, as_of: dt.datetime) -> None:
        """A night was looked at or replayed, and its release holds what it should."""
        self._same.add(key := self._key(as_of))
        state.write_json(self.data / NAME, [*(k for k in _noted(self.data) if k != key), key][-_KEPT:])

    def _key(self, as_of: dt.datetime) -> str:
        """Hash of everything a night's release depends on, and of the release that stands for it. Nothing that is staged is read."""
        base = releases.standing(self.data, as_of)
        known = {key: [d.sha256 for d in found if d.delivered_at <= as_of] for key, found in self._landed().items()}
        given = answers.standing(answers.known(self.data).values(), as_of.date())
        decided = [*decisions.accepted(self.data), *decisions.set_aside(self.data)]
        told = sorted(map(str, [*given.items(), *decided]))
        facts = [self._mapping(as_of.date()), code_sha256(), sorted(self.only), known, told, base.release_id if base else None]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]

    def _landed(self) -> Mapping[str, list[Arrival]]:
        """Every unit with all that came of it, read once."""
        if not self._arrivals:
            homes = sorted(p.parent for p in (self.data / "landing").glob(f"*/*/{landed.LOG}"))
            self._arrivals = {f"{p.parent.name}/{p.name}": landed.arrivals(self.data, p.parent.name, p.name) for p in homes}
        return self._arrivals

    def _mapping(self, day: dt.date) -> str:
        """Hash of the configuration's files, and which set of dated mappings is in force on a day."""
        if not self._mappings:
            with configured(self.config, self.data, day, self.kept_on) as (programme, files):
                told = snapshots.sha256_of(files)
                begins = [d for d in config.change_dates(programme.root) if d is not None]
                self._mappings = [(d, f"{told} {d}") for d in sorted({dt.date.min, *begins})]
        return next(told for since, told in reversed(self._mappings) if since <= day)


def _holds(night: Night) -> bool:
    """Whether the release that stands for a night is what a replay would publish; true also before the first delivery."""
    roster = enter(night, {})
    if roster.work_left:
        return False
    if not roster.placed:
        return True
    return night.base is not None and night.base.content == assemble.content_hash(roster, pool(roster))


def _noted(data: Path) -> list[str]:
    try:
        told = json.loads((data / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [str(key) for key in told] if isinstance(told, list) else []

