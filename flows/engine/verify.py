"""Is a release, and all it rests on, still what it was when it was published? One sentence for each thing that is not.

What belongs here: hashing again what was hashed then. What does not: making a release again (rebuild.py).

The ledger knows the manifest (and the one of restricted/), the manifest knows the files, the configuration and the deliveries; the
ledger's lines know each other.
"""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

from flows.engine import findings_store, landed, ledger, releases, snapshots, tombstones
from flows.engine.releases import MANIFEST, Release
from schemas.findings import ReadError


def everything(data: Path, release: Release) -> list[str]:
    """Files of the release and of restricted/, deliveries in landing, the kept configuration, the ledger's chain."""
    return [
        *published(data, release), *restricted(data, release), *deliveries(data, release), *configuration(data, release),
        *ledger.verify_chain(data), *history(data, release),
    ]  # fmt: skip


def history(data: Path, release: Release) -> list[str]:
    """Whether the data manager's history of findings holds what the latest release tells."""
    present = releases.latest(data)
    n = findings_store.lacking(data, release.manifest) if present is not None and present.release_id == release.release_id else 0
    return [f"the history in findings/ lacks {n} findings of this release: a part of it was lost"] if n else []


def _told(data: Path, release: Release) -> dict[str, Any]:
    """What the ledger tells of a release, as published and as a purge has left it; empty when there is nothing."""
    told: dict[str, Any] = {}
    for entry in ledger.entries(data):
        if entry.get("release_id") == release.release_id and "manifest_sha256" in entry:
            told |= entry
    return told


def published(data: Path, release: Release) -> list[str]:
    """Files of the release that are missing, changed or unknown; a manifest, document or catalog that was touched."""
    told = _told(data, release)
    known = told.get("manifest_sha256") == releases.file_sha256(release.folder / MANIFEST)
    problems = [] if known else [f"{MANIFEST} is not the one the ledger knows"]
    problems += _files(release.folder, release.manifest["files"])
    there = releases.beside(release)
    documents = {d["path"]: d["sha256"] for d in release.manifest.get("documents", ())}
    for name, sha256 in (told.get("beside", {}) | documents).items():
        if there.get(name) != sha256:
            problems.append(f"{name} is {'not as it was published' if name in there else 'missing'}")
    return problems


def _files(folder: Path, listed: list[dict[str, Any]], name: str = "") -> list[str]:
    """What differs between a list of files and a folder's Parquet files."""
    problems = []
    for entry in listed:
        path = folder / entry["path"]
        if not path.is_file():
            problems.append(f"{name}{entry['path']} is missing")
        elif releases.file_sha256(path) != entry["sha256"]:
            problems.append(f"{name}{entry['path']} is not as it was published")
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")}
    return problems + [f"{name}{extra} is not in the manifest" for extra in sorted(there - {e["path"] for e in listed})]


def restricted(data: Path, release: Release) -> list[str]:
    """The restricted files of a release: there, unchanged, closed to others; none where none were written."""
    told, folder = _told(data, release), data / "restricted" / release.release_id
    name = f"restricted/{release.release_id}"
    if "restricted_sha256" not in told:
        return []  # published before this was written down
    if told["restricted_sha256"] is None:
        return [f"{name} is there, but this release has no restricted files"] if folder.exists() else []
    path = folder / MANIFEST
    if not path.is_file():
        return [f"{name} is missing"]
    if releases.file_sha256(path) != told["restricted_sha256"]:
        return [f"{name}/{MANIFEST} is not the one the ledger knows"]
    paths = [folder.parent, folder, *folder.rglob("*")]
    is_open = [p.relative_to(data).as_posix() for p in paths if stat.S_IMODE(p.stat().st_mode) & 0o077]
    listed = json.loads(path.read_text(encoding="utf-8"))["files"]
    return _files(folder, listed, f"{name}/") + [f"{p} can be read by others" for p in is_open]


def deliveries(data: Path, release: Release) -> list[str]:
    """Deliveries that the release was made from and that are no longer in landing as they were received."""
    problems: dict[str, None] = {}
    seen: set[tuple[str, str, str]] = set()
    purged = tombstones.rewritten(data)
    for entry in release.manifest["sites"]:
        study, site, sha256 = entry["study"], entry["export"], entry["delivery_sha256"]
        if not sha256 or (study, site, sha256) in seen:
            continue
        seen.add((study, site, sha256))
        if (now := purged.get(entry["unit"], {}).get(sha256, sha256)) == "":
            continue  # removed whole by a purge, which the ledger tells
        try:
            known = landed.deliveries(data, study, site, release.as_of)
            last = max((n for n, d in enumerate(known) if d.sha256 == now), default=None)
            if last is None:
                raise ReadError(f"{study}/{site}: delivery {sha256[:12]} is not in landing")
            alone = entry.get("made_of", {}).get("delivery") in (None, hashlib.sha256(sha256.encode()).hexdigest())
            for delivery in known[last if alone else 0 : last + 1]:
                landed.verify(delivery)
        except ReadError as error:
            problems[" ".join(line.strip() for line in str(error).splitlines()[:2])] = None
    return list(problems)


def purged(data: Path, release: Release) -> list[str]:
    """What purges have taken from under a release: no problem, but it is not made again byte for byte any more."""
    known = tombstones.rewritten(data)
    out: dict[str, None] = {}
    for entry in release.manifest["sites"]:
        now = known.get(entry["unit"], {}).get(entry["delivery_sha256"])
        if now is not None:
            told = f"lies in landing without the participant, as {now[:12]}" if now else "was removed from landing"
            out[f"{entry['unit']}: a participant was purged; delivery {entry['delivery_sha256'][:12]} {told}"] = None
    return list(out)


def configuration(data: Path, release: Release) -> list[str]:
    """The configuration the release was made with: kept, and unchanged."""
    return [problem for sha256 in snapshots.configs_of(release.manifest) for problem in snapshots.problems(data, sha256)]
