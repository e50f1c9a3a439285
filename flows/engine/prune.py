"""Retention: old releases go, and with them what only they needed. Landing is never touched.

What belongs here: deciding what is kept, and removing the rest. What does not: removing a participant (purge).

Kept are the newest releases asked for, `latest`, and for every kept release: its files (links of staged ones, so that they stay
whole), its restricted files, its configuration, its deliveries in landing. The staged folders of the newest kept release stay, because
the next run reuses and compares with them; so do those of the release it will compare with. The history of findings, changes and
answers, and the ledger, are never cut.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.engine import ledger, lock, releases, snapshots
from flows.engine.releases import Release
from schemas.findings import PublicationError


@dataclass(frozen=True)
class Plan:
    """What is kept and what goes; `size`: bytes that are freed."""

    kept: list[str]
    releases: list[str]
    staged: list[str]
    config: list[str]
    size: int


def prune(data: Path, *, keep: int = 0, keep_days: int = 0, dry_run: bool = False, now: dt.datetime | None = None) -> Plan:
    """Remove what is older than asked. Raises LockedError while a run holds the folder, PublicationError when there is no release."""
    with lock.writing(data):
        plan = _plan(data, keep, keep_days, now or dt.datetime.now(dt.UTC))
        if not dry_run and (plan.releases or plan.staged or plan.config):
            ledger.append(
                data, "pruned", keep=keep, keep_days=keep_days, kept=len(plan.kept), releases=plan.releases, staged=len(plan.staged),
                config=plan.config,
            )  # fmt: skip
            _remove(data, plan)
        return plan


def _plan(data: Path, keep: int, keep_days: int, now: dt.datetime) -> Plan:
    latest = releases.latest(data)
    if latest is None:
        raise PublicationError(f"{data} has no latest release; nothing is removed")
    there = sorted(p.name for p in (data / "releases").glob("2*") if p.is_dir())
    known = {name: releases.load(data, name) for name in there}
    since = now - dt.timedelta(days=keep_days)
    kept = {latest.release_id, *(there[-keep:] if keep else [])}
    # one that cannot be read is left for a person to look at
    kept |= {n for n, r in known.items() if r is None or (keep_days and releases.moment(r.manifest["created"]) >= since)}
    staying = [r for n, r in known.items() if n in kept and r is not None]
    gone = [n for n in there if n not in kept]
    staged = _staged(data, _needed(data, latest, staying))
    used = {snapshots.path_of(data, sha256).name for r in staying for sha256 in snapshots.configs_of(r.manifest)}
    unread = any(r is None for r in known.values())
    config = [] if unread else sorted(p.name for p in (data / snapshots.HOME).glob("[0-9a-f]*.zip") if p.name not in used)
    folders = [*(data / "releases" / n for n in gone), *(data / "restricted" / n for n in gone), *(data / s for s in staged)]
    files = [p for f in folders if f.is_dir() for p in f.rglob("*") if p.is_file()] + [data / snapshots.HOME / n for n in config]
    return Plan(sorted(kept), gone, staged, config, _freed(files))


def _needed(data: Path, latest: Release, staying: Iterable[Release]) -> set[str]:
    """Folder names (first 16 of the fingerprint) of staged output that the next run reuses, compares with, or may carry."""
    newest = max(staying, key=lambda r: r.release_id)
    before = releases.standing(data, dt.datetime.now(dt.UTC))
    out = set()
    for release in (latest, newest, *([before] if before else [])):
        for entry in release.manifest["sites"]:
            out |= {mark[:16] for mark in (entry["fingerprint"], entry.get("held")) if mark}
    return out


def _staged(data: Path, needed: set[str]) -> list[str]:
    """Staged folders that are not needed. A pooled one is cheap, and its inputs are not told by its name: the newest of a trial stays."""
    out = []
    for home in sorted(p for p in (data / "staged").glob("*/*") if p.is_dir() and not p.parent.name.startswith(".")):
        folders = sorted((p for p in home.iterdir() if p.is_dir()), key=lambda p: (p.stat().st_mtime_ns, p.name))
        stays = {folders[-1].name} if home.name == "_pooled" and folders else needed
        out += [p.relative_to(data).as_posix() for p in folders if p.name not in stays]
    return out


def _freed(files: Iterable[Path]) -> int:
    """Bytes that go: a file whose links stay elsewhere frees nothing."""
    links: dict[tuple[int, int], list[int]] = {}
    for path in files:
        told = path.lstat()
        links.setdefault((told.st_dev, told.st_ino), [told.st_size, told.st_nlink, 0])[2] += 1
    return sum(size for size, n, mine in links.values() if mine >= n)


def _remove(data: Path, plan: Plan) -> None:
    """Each folder is renamed to a leftover first, so that one half removed is never taken for a whole one."""
    for home, names in (("releases", plan.releases), ("restricted", plan.releases)):
        for name in names:
            _take_away(data / home / name, data / home / f".tmp-pruned-{name}")
    for name in plan.staged:
        path = data / name
        _take_away(path, data / "staged" / f".tmp-pruned-{path.parent.parent.name}-{path.parent.name}-{path.name}")
    for name in plan.config:
        (data / snapshots.HOME / name).unlink(missing_ok=True)


def _take_away(path: Path, aside: Path) -> None:
    if not path.is_dir():
        return
    path.rename(aside)
    for inner, _, _ in os.walk(aside):
        Path(inner).chmod(0o700)
    shutil.rmtree(aside)
