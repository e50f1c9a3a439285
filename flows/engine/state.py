"""Has anything changed since the last release? Answered before a flow is started, in well under a second.

What belongs here: hashes of configuration files, code and sources, and the note of what they were at the last release.
What does not: what to do about a change (night.py). Imports nothing heavy: no polars, duckdb or prefect.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.engine import landing, ledger, lock
from flows.engine.config import PROJECT, Programme
from flows.engine.fingerprint import code_sha256
from schemas.findings import ReadError

NAME = "state.json"
LAST_RUN = "last_run.json"
_READ = ("evidence.yaml", "instruments/*.yaml", "codelists/*.csv", "codelists/*.yaml", "trials/*", "profiles/*.yaml", "sites/*/*")


@dataclass(frozen=True)
class Look:
    """What was seen: hash of configuration and code, and of each unit's source (empty: it could not be read)."""

    config: str
    code: str
    sources: dict[str, str]


@dataclass(frozen=True)
class State:
    """What the last release was made from. `settled`: nothing failed that may pass when simply tried again."""

    look: Look
    release_id: str
    degraded: bool
    settled: bool


def config_files_sha256(root: Path, today: dt.date) -> str:
    """Hash of every file a configuration is read from, and of which dated mappings are in force."""
    digest = hashlib.sha256()
    for folder in dict.fromkeys((PROJECT, root)):
        for pattern in _READ:
            for path in sorted(folder.glob(pattern)):
                if path.is_file():
                    digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    for path in sorted(root.glob("sites/*/site.from-*.yaml")):
        digest.update(f"{path.parent.name}/{path.name} {path.stem.removeprefix('site.from-') <= today.isoformat()}\n".encode())
    digest.update(str(root.resolve()).encode())
    return digest.hexdigest()


def look(root: Path, programme: Programme, only: frozenset[str] = frozenset(), files_sha256: str | None = None) -> Look:
    """See what there is now; `only` leaves the sources of other units unread. `files_sha256`: of the configuration's files before the
    programme was read from them, so that an edit since then is none of this look."""
    units = [u for key, u in sorted(programme.units.items()) if not only or key in only]
    with ThreadPoolExecutor(4) as pool:
        sources = dict(zip((u.key for u in units), pool.map(lambda u: _peek(u, programme.root), units), strict=True))
    return Look(files_sha256 or config_files_sha256(root, dt.datetime.now(dt.UTC).date()), code_sha256(), sources)


def _peek(unit: object, root: Path) -> str:
    try:
        return landing.peek(unit, root)  # type: ignore[arg-type]
    except ReadError:
        return ""


def read(data: Path) -> State | None:
    """The note of the last release, if there is one that can be read."""
    try:
        told = json.loads((data / NAME).read_text(encoding="utf-8"))
        return State(Look(**told.pop("look")), **told)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(data: Path, state: State) -> None:
    """Keep the note, whole or not at all. Raises LockedError when the folder's lock was lost."""
    lock.demand(data)
    write_json(data / NAME, asdict(state))


def write_json(path: Path, content: object) -> None:
    """A JSON file, replaced in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    temporary.replace(path)


def after(previous: State | None, seen: Look) -> dict[str, str]:
    """Sources as last pulled: what was seen now, and for units not looked at what was known before."""
    return {**(previous.look.sources if previous else {}), **seen.sources}


def stands(data: Path, seen: Look) -> State | None:
    """The last release's note when nothing changed since, and its release is still there; else None."""
    state = read(data)
    if state is None or not state.settled:
        return None
    link = data / "releases" / "latest"
    if not link.is_symlink() or link.readlink().name != state.release_id or not (link / "manifest.json").is_file():
        return None
    if (state.look.config, state.look.code) != (seen.config, seen.code):
        return None
    if not ledger.knows(data, state.release_id) or _answer_ran_out(data):
        return None
    same = all(state.look.sources.get(key) == sha256 for key, sha256 in seen.sources.items())
    return state if same else None


def _answer_ran_out(data: Path) -> bool:
    """Whether a waiver ended between the last release's note and today: its finding is open again."""
    path = data / "answers.jsonl"
    if not path.is_file():
        return False
    noted = dt.datetime.fromtimestamp((data / NAME).stat().st_mtime, dt.UTC).date().isoformat()
    today = dt.datetime.now(dt.UTC).date().isoformat()
    ends = [json.loads(line).get("until") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    return any(noted <= end < today for end in ends if end)


def write_last_run(
    data: Path, started: float, flow_started: float | None, release_id: str | None, outcome: str, recomputed: list[str],
    reused: int,
) -> None:  # fmt: skip
    """The note of the run that ended last; times are seconds since 1970, flow_started null when no flow was needed. Raises LockedError
    when the folder's lock was lost."""
    lock.demand(data)
    write_json(data / LAST_RUN, {
        "started": started, "flow_started": flow_started, "finished": time.time(), "release": release_id, "outcome": outcome,
        "recomputed": recomputed, "reused": reused,
    })  # fmt: skip
