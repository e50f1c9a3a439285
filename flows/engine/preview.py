"""What replaying past nights would change, told before anything is published.

What belongs here: a night's release drawn up aside, and the comparison with the one that stands. What does not: computing the night,
comparing two releases (diff.py), printing (flows/cli).

A night is drawn up on top of what the nights before it would have published, as a real backfill would. What was staged for it stays, so
that the real one has only to publish.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.engine import assemble, diff, releases
from flows.engine.batch import Staged
from flows.engine.diff import Difference
from flows.engine.releases import Release
from flows.engine.roster import Roster

_ASIDE = ".tmp-preview-"


@dataclass(frozen=True)
class Impact:
    """What one night would change. `stands`: the release it is compared with, empty when there is none; `leads`: it would be `latest`;
    `sites`: site -> how it stands in that release and how it would."""

    night: dt.date
    stands: str
    changes: bool
    leads: bool
    recomputed: list[str]
    sites: dict[str, tuple[str, str]]
    difference: Difference | None

    @property
    def counts(self) -> dict[str, int]:
        """The change in numbers."""
        if self.difference is None:
            return dict.fromkeys(("subjects_added", "subjects_removed", "rows_added", "rows_removed", "values", "primaries", "timings"), 0)
        sets, people = self.difference.sets, [s for s in self.difference.sets if s.dataset == "adsl"]
        return {
            "subjects_added": sum(s.subjects_added for s in people), "subjects_removed": sum(s.subjects_removed for s in people),
            "rows_added": sum(s.rows_added for s in sets), "rows_removed": sum(s.rows_removed for s in sets),
            "values": sum(sum(s.columns.values()) for s in sets),
            "primaries": len(self.difference.primaries), "timings": len(self.difference.timings),
        }  # fmt: skip


@contextmanager
def aside(data: Path) -> Iterator[Path]:
    """A folder of the data folder's disk where releases are drawn up; gone afterwards. Only the holder of the lock may call it."""
    for left in data.glob(f"{_ASIDE}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=data) as name:
        yield Path(name)


def on_top(drawn: Release | None, data: Path, as_of: dt.datetime) -> bool:
    """Whether a night would be made on top of a release that is only drawn up, and not of one that stands."""
    stands = releases.standing(data, as_of)
    return drawn is not None and (stands is None or drawn.as_of >= stands.as_of)


def draw_up(roster: Roster, pooled: Sequence[Staged], place: Path) -> tuple[Release, Impact]:
    """The release a night would publish, in a folder of its own below `place`, and what it would change. Raises as assemble.draft does."""
    base = roster.night.base
    made = assemble.draft(roster, pooled)
    if isinstance(made, Release):
        return made, Impact(roster.night.as_of.date(), made.release_id, False, False, [], {}, None)
    folder = place / made.release_id
    for part in made.parts:
        releases.put_part(folder, part)
    drawn = Release(made.release_id, folder, made.manifest)
    stands = base or Release("", place, {"files": [], "sites": []})
    told = Impact(
        roster.night.as_of.date(), stands.release_id, changes=True, leads=made.leads, recomputed=roster.recomputed,
        sites=_standings(stands, drawn), difference=diff.compare(stands, drawn),
    )  # fmt: skip
    return drawn, told


def _standings(one: Release, two: Release) -> dict[str, tuple[str, str]]:
    """Sites that would stand otherwise: held, carried or missing where they were not, or back again."""
    before, after = ({f"{e['study']}/{e['site']}": e["status"] for e in r.manifest["sites"]} for r in (one, two))
    good = {"fresh": "good", "unchanged": "good"}
    return {
        key: (before.get(key, "absent"), after.get(key, "absent"))
        for key in sorted({*before, *after})
        if good.get(before.get(key, ""), before.get(key)) != good.get(after.get(key, ""), after.get(key))
    }


def as_json(told: Impact, *, with_values: bool = False) -> dict[str, Any]:
    """What a script wants to know; keys of rows always, values only where asked for."""
    out: dict[str, Any] = {
        "night": told.night.isoformat(), "stands": told.stands or None, "changes": told.changes, "latest": told.leads,
        "recomputed": told.recomputed, "sites": {k: list(v) for k, v in told.sites.items()}, **told.counts,
    }  # fmt: skip
    if told.difference is not None:
        out |= {"diff": diff.as_json(told.difference, told.stands, "", with_values=with_values)}
    return out
