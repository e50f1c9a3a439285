"""Is this machine fit for the nights? Each look is one line: what, how it stands, what to do.

What belongs here: looking at versions, folders, disk, clock, configuration, sources; nothing is written or fetched, no value is read.
What does not: the command (flows/cli/doctor.py), putting things right.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flows.engine import deidentify, releases, unblinding
from flows.engine.config import Programme, Unit, load
from flows.engine.mapping import check_mapping
from flows.sources import files, opened
from flows.sources.place import Access, Bound, missing_env
from schemas.findings import ConfigurationError, TrialweaveError

LOCK = releases.PROJECT / "requirements.lock"
#: Libraries that compute or run the nights; another version of them is told.
COUNTED = ("duckdb", "polars", "pandera", "pyarrow", "numpy", "prefect", "fastapi", "sqlalchemy", "pydantic")
#: Bytes below which a night may not find room.
SCARCE, EMPTY = 5 * 10**9, 5 * 10**8
#: Sources looked at side by side.
AT_A_TIME = 4


class State(StrEnum):
    """How a look ended."""

    OK = "ok"
    WARN = "look"
    BAD = "bad"


@dataclass(frozen=True)
class Look:
    """One line. `fix`: what to do, empty where there is nothing."""

    what: str
    state: State
    told: str
    fix: str = ""


def looks(config: Path, data: Path, now: dt.datetime, *, sources: bool = True) -> Iterator[Look]:
    """Every look in order; `sources`: also enter each site's source."""
    yield _python()
    yield from _libraries()
    yield from _folder(data)
    yield _disk(data)
    yield _clock(data, now)
    programme, told = _configuration(config)
    yield told
    if programme is None:
        return
    yield _trials(programme, data)
    missing = _environment(programme)
    yield from missing.values()
    if sources:
        units = [u for k, u in sorted(programme.units.items()) if k not in missing]
        with ThreadPoolExecutor(AT_A_TIME) as waiting:
            yield from waiting.map(lambda unit: _source(unit, config), units)


def _python() -> Look:
    told = f"{sys.version.split()[0]}, trialweave {releases.git_sha()}"
    if sys.version_info[:2] == (3, 11):
        return Look("Python", State.OK, told)
    return Look("Python", State.BAD, f"{told}; 3.11 is needed", "make setup with python3.11 on the PATH")


def _libraries() -> Iterator[Look]:
    pins = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s\\]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    other = []
    for name in COUNTED:
        try:
            here = version(name)
        except PackageNotFoundError:
            here = "missing"
        if here != pins.get(name):
            other.append(f"{name} {here} (locked: {pins.get(name, 'none')})")
    if other:
        yield Look("libraries", State.BAD, ", ".join(other), "make setup")
    else:
        yield Look("libraries", State.OK, f"{len(COUNTED)} that compute are as locked")
    try:
        yield Look("analysis", State.OK, f"statsmodels {version('statsmodels')}")
    except PackageNotFoundError:
        yield Look("analysis", State.WARN, "statsmodels is missing: trialweave analyze does not run", "make setup")


def _folder(data: Path) -> Iterator[Look]:
    there = next(p for p in (data, *data.resolve().parents) if p.exists())
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        yield Look("data folder", State.BAD, f"{there} cannot be written by this user", f"chown or chmod {there}, or another --data")
        return
    with tempfile.TemporaryFile(dir=there):
        pass
    release = releases.latest(data)
    told = f"latest release {release.release_id}" if release else "no release yet"
    yield Look("data folder", State.OK, f"{data}: {told}", "" if release else f"trialweave run --data {data}")
    closed = [data / name for name in ("restricted", "findings", "changes", "config", "incoming")]
    owner = [p for p in closed if p.exists() and p.stat().st_uid != os.getuid() and os.getuid() != 0]
    is_open = [p for p in (data / "restricted", data / "changes", data / "config") if p.exists() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    if is_open or owner:
        named = ", ".join(p.name for p in {*is_open, *owner})
        yield Look("permissions", State.BAD, f"{named}: not for its owner only", f"chmod 700 {' '.join(map(str, is_open or owner))}")
    else:
        yield Look("permissions", State.OK, "what is restricted is for its owner only")


def _disk(data: Path) -> Look:
    there = next(p for p in (data, *data.resolve().parents) if p.exists())
    free = shutil.disk_usage(there).free
    state = State.BAD if free < EMPTY else State.WARN if free < SCARCE else State.OK
    fix = "" if state is State.OK else f"free space, or: trialweave prune --keep 30 --data {data} --dry-run"
    return Look("disk", state, f"{free / 1e9:.1f} GB free at {there}", fix)


def _clock(data: Path, now: dt.datetime) -> Look:
    """Whether the clock is behind what was written last: release ids and receipts must not go back."""
    ledger = data / "ledger.jsonl"
    last = None
    if ledger.is_file():
        with ledger.open("rb") as file:
            file.seek(max(0, ledger.stat().st_size - 65536))
            lines = file.read().splitlines()
        try:
            last = dt.datetime.fromisoformat(json.loads(lines[-1])["at"]) if lines else None
        except (ValueError, KeyError):
            return Look("clock", State.WARN, "the ledger's last line cannot be read", f"trialweave verify --data {data}")
    if last is not None and last > now:
        told = f"{now.isoformat(timespec='seconds')} is before the ledger's last line, {last.isoformat(timespec='seconds')}"
        return Look("clock", State.BAD, told, "set the clock (timedatectl status)")
    return Look("clock", State.OK, f"{now.isoformat(timespec='seconds')}, not before what was written last")


def _configuration(config: Path) -> tuple[Programme | None, Look]:
    fix = f"trialweave check-config --config {config}"
    try:
        programme = load(config)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        return None, Look("configuration", State.BAD, f"{config}: {len(lines)} lines of errors, first: {lines[0]}", fix)
    problems = [p for _, unit in sorted(programme.units.items()) for p in check_mapping(unit)]
    if problems:
        return programme, Look("configuration", State.BAD, f"{config}: {len(problems)} problems", fix)
    return programme, Look("configuration", State.OK, f"{config}: {len(programme.trials)} trials, {len(programme.units)} exports")


def _trials(programme: Programme, data: Path) -> Look:
    """What a night demands before it begins: keys of de-identified trials, recorded unblinding."""
    standing = releases.latest(data)
    try:
        deidentify.demand_keys(programme.trials.values(), standing.manifest if standing else {})
        unblinding.demand(programme, data)
    except ConfigurationError as error:
        told, _, fix = str(error).partition("\n")
        return Look("trials", State.BAD, told, fix.partition("->")[2].strip())
    return Look("trials", State.OK, "keys of de-identified trials are set, unblinded trials are recorded as such")


def _environment(programme: Programme) -> dict[str, Look]:
    out = {}
    unset = [n for n in (programme.alerts.variables() if programme.alerts else ()) if not os.environ.get(n)]
    if unset:
        fix = f"export {unset[0]}=..., as the night's user"
        out["alerts"] = Look("alerts", State.WARN, f"not set here: {', '.join(unset)}; alerts wait until they are", fix)
    for key, unit in sorted(programme.units.items()):
        if names := missing_env(unit.site.source, os.environ):
            out[key] = Look(f"source {key}", State.BAD, f"not set here: {', '.join(names)}", f"export {names[0]}=..., as the night's user")
    return out


def _source(unit: Unit, config: Path) -> Look:
    """Enter a source and list what is there; nothing is fetched."""
    what, source = f"source {unit.key}", unit.site.source
    try:
        if source.kind == "files":
            n = len(files.find(unit.site, config))
        elif _blocks(source):
            told = f"{source.kind}: its secret is a Prefect block, which only a run opens"
            return Look(what, State.WARN, told, f"trialweave run --site {unit.key}")
        else:
            with opened(Access(unit.key, source, config, Bound(unit.key, source))) as place:
                n = len(place.files())
                if source.kind == "https":  # every other kind has spoken to its server by now
                    place.greet()  # type: ignore[attr-defined]
    except (TrialweaveError, OSError) as error:
        lines = str(error).splitlines()
        fixes = [line.split("->", 1)[1].strip() for line in lines if line.strip().startswith("fix") and "->" in line]
        fix = fixes[0] if fixes else f"trialweave check-config --config {config}"
        return Look(what, State.BAD, lines[0] if lines else type(error).__name__, fix)
    return Look(what, State.OK if n else State.WARN, f"{source.kind}: {n} files", "" if n else "ask the site for its export")


def _blocks(source: Any) -> bool:
    return any(name.endswith("_block") and getattr(source, name) for name in type(source).model_fields)
