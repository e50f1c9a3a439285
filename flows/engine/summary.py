"""A release in a few numbers a site, for tables on screens. Keys and counts only, never a participant's value.

What belongs here: sums over a manifest. What does not: drawing (flows/cli), the manifest itself (assemble.py).
Imports nothing heavy: `trialweave status` must answer at once.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.engine.releases import Release


@dataclass(frozen=True)
class SiteLine:
    """One site of a release: rows summed over its tables, findings summed over severities.

    `open`: neither answered nor waived; `new`: of these, first seen on the day of the release; `resolved`: in the release before, and no
    longer found.
    """

    key: str
    status: str
    age_days: int | None
    received: int
    kept: int
    quarantined: int
    open: int
    new: int
    resolved: int
    reason: str
    delivered_on: str | None
    delivery: str

    def age_on(self, today: dt.date) -> int | None:
        """Days since its data were delivered; None when it has none."""
        return (today - dt.date.fromisoformat(self.delivered_on)).days if self.delivered_on else None

    def standing(self, today: dt.date) -> str:
        """Why a site is not there with its newest data, and which data stand for it; of a site that is, what else is to be said."""
        if not self.reason or self.status in ("fresh", "unchanged"):
            return self.reason
        if self.status != "carried":
            return f"{self.key}: {self.status}, no data of this site are in the release\n  why  -> {self.reason}"
        age = self.age_on(today) or 0
        told = f"carried: its data are of the delivery {self.delivery} of {self.delivered_on}, {age} day{'' if age == 1 else 's'} old"
        return f"{self.key}: {told}\n  why  -> {self.reason}"


def standings(lines: Sequence[SiteLine], today: dt.date) -> list[str]:
    """Why sites are not there with their newest data; a reason that several sites of an export share is told once."""
    told: dict[str, str] = {}
    out = []
    for line in lines:
        if line.reason:
            text = line.standing(today)
            first = told.setdefault(line.reason, line.key)
            out.append(text if first == line.key else f"{text.splitlines()[0]}\n  why  -> as {first}")
    return out


def site_lines(manifest: Mapping[str, Any], resolved: Mapping[str, int] | None = None) -> list[SiteLine]:
    """A line a site, in order of study and site. `resolved`: findings that are found no longer, a site.

    An export that holds many sites has a line of its own when something in it belongs to none of them; its reason says so.
    """
    out = []
    units = [entry["unit"] for entry in manifest["sites"]]
    for entry in sorted(manifest["sites"], key=lambda e: (e["study"], e["site"])):
        key = f"{entry['study']}/{entry['site']}"
        sums = {n: sum(t[n] for t in entry["tables"].values()) for n in ("received", "kept", "quarantined")}
        is_open = sum(entry.get("findings_open", entry["findings"]).values())  # a release of an older version says only how many there are
        fresh, gone = entry.get("findings_new", 0), (resolved or {}).get(key, 0)
        reason = entry["reason"]
        if not reason and entry["site"] == entry["export"] and units.count(entry["unit"]) > 1:
            reason = f"{key} is no site: it is what that export holds of no known site (rows without one, files and columns as a whole)"
        out.append(SiteLine(key, entry["status"], entry["age_days"], **sums, open=is_open, new=fresh, resolved=gone,
                            reason=reason, delivered_on=entry["delivered_on"], delivery=(entry["delivery_sha256"] or "")[:12]))  # fmt: skip
    return out


def left(release: Release) -> list[str]:
    """Sites of the release before whose records are in this one no more, because the configuration no longer names them."""
    before = release.folder.parent / str(release.manifest["previous"]) / "manifest.json"
    if not before.is_file():
        return []
    here = {(e["study"], e["site"]) for e in release.manifest["sites"]}
    then = json.loads(before.read_text(encoding="utf-8"))
    entries = [e for e in then["sites"] if (e["study"], e["site"]) not in here]
    gone = {f"{e['study']}/{e['site']}": sum(t["kept"] for t in e["tables"].values()) for e in entries}
    return [
        f"{key}: no longer in the configuration: its {n} records are not in this release\n  last -> {then['release_id']}\n"
        "  fix  -> put its folder back under sites/, where that was not meant (a site that has closed keeps it)"
        for key, n in sorted(gone.items()) if n
    ]  # fmt: skip


def by_severity(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Open findings of a whole release by severity, gravest first."""
    sums: dict[str, int] = {}
    for entry in manifest["sites"]:
        for severity, n in entry.get("findings_open", entry["findings"]).items():
            sums[severity] = sums.get(severity, 0) + n
    return {s: sums[s] for s in ("reject", "withhold", "query", "note") if s in sums}
