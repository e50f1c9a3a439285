"""Sites that show the same participants because they read the same file: a mapping's `source` copied, or an export sent for another site.

What belongs here: comparing the files in which the placed sites list their participants. What does not: findings' shape
(delivery_findings.py), participants who look alike within a site (core.subject_twin).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.engine import delivery_findings, records
from flows.engine.night import Placed
from flows.sources.files import matches
from schemas.site import IntakeTable


def find(placed: Mapping[str, Placed]) -> dict[str, pl.DataFrame]:
    """Unit -> its finding: the file that it shares with another unit, whose sites are named.

    Not asked: an export that holds many sites, a table that reads only some rows of its file (`where`), a file without participants, as
    where deliveries add up and nobody was enrolled since the last one.
    """
    read: dict[str, list[tuple[str, str]]] = {}
    for key, one in sorted(placed.items()):
        for name, sha256 in _lists_of_participants(one):
            read.setdefault(sha256, []).append((key, name))
    out = {}
    for sha256, of in read.items():
        if len({key for key, _ in of}) < 2 or not _lists_somebody(placed[of[0][0]], sha256):
            continue
        for key, name in of:
            others = ", ".join(sorted({other for other, _ in of} - {key}))
            unit = placed[key].attempt.unit
            rows = pl.DataFrame({"record_key": [name], "table": ["subject"], "suggestion": [f"the same file is read for {others}"]})
            out[key] = delivery_findings.findings("delivery_of_other_site", unit, unit.site.site_id, rows)
    return out


def _lists_somebody(one: Placed, sha256: str) -> bool:
    """Whether a participant was read from this file."""
    held = records.read(one.staged.folder)
    return held is None or not held.filter((pl.col("table") == "subject") & (pl.col("source_file") == sha256[:12])).is_empty()


def _lists_of_participants(one: Placed) -> list[tuple[str, str]]:
    site = one.attempt.unit.site
    kept = sum(entry["tables"].get("subject", {}).get("kept", 0) for entry in one.staged.receipt["sites"].values())
    if site.sites is not None or not kept or not one.attempt.deliveries:
        return []
    globs = [spec.file for spec in site.tables.get(IntakeTable.SUBJECT, ()) if not spec.where]
    return [(f.name, f.sha256) for f in one.attempt.deliveries[-1].files if any(matches(f.name, glob) for glob in globs)]
