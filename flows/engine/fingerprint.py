"""What a unit's staged output depends on, as one hash: same fingerprint, same output, nothing to recompute.

What belongs here: hashing of code, configuration and deliveries. What does not: deciding what to do with it (state.py, pull).
Imports nothing heavy: it answers "did anything change" before a flow is started.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flows.engine.config import Programme, Unit
from flows.engine.landed import Delivery

PROJECT = Path(__file__).resolve().parents[2]
#: Libraries whose version can change a published byte.
COMPUTING = ("duckdb", "polars", "pandera", "pyarrow", "numpy", "rapidfuzz", "tzdata")


@cache
def code_sha256() -> str:
    """Hash of everything that computes: SQL, rules, contracts, readers, engine, and the libraries under them."""
    digest = hashlib.sha256()
    paths = [*PROJECT.glob("sql/*/*.sql"), *PROJECT.glob("schemas/**/*.py"), *PROJECT.glob("schemas/*.csv")]
    paths += [*PROJECT.glob("flows/engine/**/*.py"), *PROJECT.glob("flows/readers/*.py")]
    for path in sorted(paths):
        digest.update(f"{path.relative_to(PROJECT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    for name in COMPUTING:
        try:
            digest.update(f"{name}=={version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name} absent\n".encode())
    return digest.hexdigest()


def shared_sha256(programme: Programme) -> str:
    """Hash of the configuration that every unit shares: evidence and code lists."""
    seen = []
    for folder in programme.codelists:
        with os.scandir(folder) as entries:  # every unit asks, so that no more than needed is done
            lists = [(e.path, e.stat()) for e in entries if e.name.endswith((".csv", ".yaml"))]
        seen += sorted((path, told.st_ino, told.st_mtime_ns, told.st_size) for path, told in lists)
    return _shared(programme.evidence_json, tuple(seen))


@lru_cache(maxsize=8)
def _shared(evidence: str, files: tuple[tuple[str, int, int, int], ...]) -> str:
    """Every unit asks for the same, so that files are read once as long as they stay the same."""
    digest = hashlib.sha256(evidence.encode())
    for path in (Path(name) for name, *_ in files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fingerprint(programme: Programme, unit: Unit, deliveries: Sequence[Delivery], units: Sequence[Unit] = ()) -> str:
    """Hash of all that a unit's staged output is made from. `units`: the unit as each delivery is read, where that differs.

    When a delivery arrived counts too, because dates after it are in its future.
    """
    facts = {
        "code": code_sha256(),
        "shared": shared_sha256(programme),
        "unit": unit.sha256,
        "deliveries": [[d.sha256, d.delivered_at.isoformat()] for d in deliveries],
    }
    if units:
        facts["units"] = [u.sha256 for u in units]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def made_of(programme: Programme, unit: Unit, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """The fingerprint in its parts, so that it can be told what changed: delivery, mapping, corrections, code, shared lists."""
    plain = replace(unit, corrections=())
    corrections = "\n".join(c.model_dump_json() for c in unit.corrections)
    return {
        "delivery": hashlib.sha256("".join(d.sha256 for d in deliveries).encode()).hexdigest(), "mapping": plain.sha256,
        "corrections": hashlib.sha256(corrections.encode()).hexdigest(), "code": code_sha256(), "shared": shared_sha256(programme),
    }  # fmt: skip


def config_sha256(programme: Programme) -> str:
    """Hash of the whole configuration as it was read."""
    parts = [shared_sha256(programme), *(programme.units[key].sha256 for key in sorted(programme.units))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
