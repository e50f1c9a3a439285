"""Past nights: which moments they are, and whether replaying one would change anything.

What belongs here: the cheap look before a night is replayed. What does not: replaying it (flows/backfill.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flows.engine import assemble, releases
from flows.engine.config import load
from flows.engine.night import Night
from flows.engine.roster import enter, pool
from flows.engine.units import units_of


def nights(first: dt.date, last: dt.date) -> list[dt.datetime]:
    """The end of each day in UTC, oldest first; never later than now."""
    now = dt.datetime.now(dt.UTC)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    ends = [dt.datetime.combine(day, dt.time.max, tzinfo=dt.UTC) for day in days if day <= now.date()]
    return [min(end, now) for end in ends]


def changes_something(config: Path, data: Path, only: frozenset[str], as_of: dt.datetime) -> bool:
    """Would this night's release differ from the one that stands for it? False also before the first delivery."""
    programme = load(config, on=as_of.date())
    night = Night(programme, data, as_of, units_of(programme, only), releases.standing(data, as_of), replay=True)
    roster = enter(night, {})
    if roster.work_left:
        return True
    if not roster.placed:
        return False
    return night.base is None or night.base.content != assemble.content_hash(roster, pool(roster))
