"""From a published release back to what each of its sites was made from: unit, deliveries, configuration.

What belongs here: finding them, and saying what is no longer as it was. What does not: making the release again (rebuild.py),
walking one value back (explain.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.engine import decisions, landed, snapshots, tombstones
from flows.engine.config import Programme
from flows.engine.fingerprint import code_sha256, fingerprint, made_of
from flows.engine.landed import Delivery
from flows.engine.night import Attempt, Night
from flows.engine.releases import Release
from schemas.findings import ConfigurationError

Entry = dict[str, Any]
_PARTS = {"mapping": "its mapping", "corrections": "its corrections", "shared": "shared lists or thresholds",
          "delivery": "its deliveries"}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What some sites of a release were made from together. `attempt` is None when that cannot be found, and `why` says so;
    else `why` says what is not as it was then, empty when nothing. `purged`: a participant was purged from it since.
    `programme`: the configuration of before, where the site stays as it was published under that one."""

    key: str
    mark: str
    sites: tuple[str, ...]
    attempt: Attempt | None
    why: str
    purged: bool = False
    programme: Programme | None = None


@contextmanager
def programme_of(data: Path, release: Release) -> Iterator[Programme]:
    """The configuration a release was made with. Raises ConfigurationError when it was not kept, is damaged, or today's code cannot
    read it any more."""
    sha256 = release.manifest.get("config_snapshot")
    if not sha256:
        raise ConfigurationError(f"release {release.release_id} was made before configurations were kept; it cannot be made again")
    with snapshots.opened(data, sha256) as folder:
        try:
            programme = snapshots.load(folder, release.as_of.date())
        except ConfigurationError as error:
            if not (changed := changed_code(release)):
                raise
            raise ConfigurationError(f"{changed}\n  today's code cannot read the configuration of then:\n{error}") from None
        yield programme


def changed_code(release: Release) -> str:
    """What to know first when today's code is not the release's; empty when it is."""
    if release.manifest["code_sha256"] == code_sha256():
        return ""
    commit = str(release.manifest["code_version"]).rpartition("+")[2]
    return (
        f"the code changed since: this release was made by {release.manifest['code_version']}\n"
        f"  for the very same bytes -> git checkout {commit}, with the libraries of its requirements.lock"
    )


def sources(data: Path, programme: Programme, release: Release) -> list[Source]:
    """Every staged output of a release with the attempt that makes it again, in the order of units."""
    night = Night(programme, data, release.as_of)
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in release.manifest["sites"]:
        if entry["fingerprint"]:
            groups.setdefault((entry["unit"], entry["fingerprint"]), []).append(entry)
    out = []
    for (key, mark), entries in sorted(groups.items()):
        then = entries[0].get("config")
        if not then or then == release.manifest.get("config_snapshot"):
            out.append(_source(night, key, mark, entries))
            continue
        before = snapshots.kept(data, then, release.as_of.date())
        out.append(replace(_source(Night(before, data, release.as_of), key, mark, entries), programme=before))
    return out


def _source(night: Night, key: str, mark: str, entries: Sequence[Entry]) -> Source:
    sites = tuple(sorted(e["site"] for e in entries))
    if key not in night.programme.units:
        return Source(key, mark, sites, None, f"{key}: the configuration has no such export")
    found: list[tuple[Attempt, str]] = []
    rewritten = tombstones.rewritten(night.data).get(key, {})
    for deliveries in _deliveries(night, key, entries[0], rewritten):
        unit = night.unit(key, deliveries)
        used = tuple(deliveries) if unit.site.delivery == "delta" else (deliveries[-1],)
        units = night.units(key, used)
        now = fingerprint(night.programme, unit, used, units)
        attempt = Attempt(unit, used, now, 0, units)
        if now == mark:
            return Source(key, mark, sites, attempt, "")
        found.append((attempt, _why(entries[0].get("made_of", {}), made_of(night.programme, unit, used))))
    name = entries[0]["delivery_sha256"]
    if not found:
        gone = rewritten.get(name) == ""
        told = "was removed by a purge; what it gave cannot be made again" if gone else "is not in landing"
        return Source(key, mark, sites, None, f"{key}: delivery {name[:12]} {told}", gone)
    attempt, why = min(found, key=lambda f: len(f[1]))
    if _is_purged(entries[0], attempt, rewritten):
        return Source(key, mark, sites, attempt, f"{key}: a participant was purged after this release; it is made again without them", True)
    return Source(key, mark, sites, attempt, f"{key}: {why}" if why else "")


def _is_purged(entry: Entry, attempt: Attempt, rewritten: Mapping[str, str]) -> bool:
    """Whether deliveries were written again by a purge since, and that is what is not as it was."""
    now = {d.sha256 for d in attempt.deliveries}
    then = hashlib.sha256("".join(d.sha256 for d in attempt.deliveries).encode()).hexdigest()
    return entry.get("made_of", {}).get("delivery") != then and bool(now & set(rewritten.values()) or "" in rewritten.values())


def _deliveries(night: Night, key: str, entry: Entry, rewritten: Mapping[str, str]) -> list[list[Delivery]]:
    """The deliveries known when the release's one was the newest, once for each time it came; latest first."""
    site = night.programme.units[key].site
    every = landed.deliveries(night.data, site.study, site.site_id, night.as_of)
    aside = decisions.set_aside(night.data)
    left = [d for d in every if (key, d.sha256) not in aside]  # perhaps set aside only after the release
    return [
        known[:n]
        for known in ([left] if left == every else [left, every])
        for n in range(len(known), 0, -1)
        if known[n - 1].sha256 in (entry["delivery_sha256"], rewritten.get(entry["delivery_sha256"]))
    ]


def _why(then: dict[str, str], now: dict[str, str]) -> str:
    """What is not as it was besides the code, which is said once (changed_code)."""
    if not then:
        return "what it was made of is not known"
    changed = [told for part, told in _PARTS.items() if then.get(part) != now[part]]
    if not changed and then["code"] == now["code"]:
        changed = ["the day its delivery arrived"]
    return f"not as it was: {', '.join(changed)}" if changed else ""
