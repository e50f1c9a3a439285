"""Findings as a person asks for them: of the latest release or of a held delivery, with or without the text as sent.

What belongs here: choosing rows. What does not: printing (flows/cli/rows.py), keeping the history (findings_store.py).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.engine import findings_store
from flows.engine.releases import Release


def select(
    data: Path, release: Release, *, site: str = "", rule: str = "", severity: str = "", held: bool = False, values: bool = False
) -> pl.DataFrame:
    """Findings that fit, in order of severity, rule, site and record. `raw_value` only with `values`."""
    frame = _held(data, release) if held else _published(data, release, values)
    study, _, name = site.partition("/")
    if site:
        frame = frame.filter((pl.col("study") == study) & (pl.col("site") == name) if name else pl.col("study") == study)
    for column, wanted in (("rule", rule), ("severity", severity)):
        if wanted:
            frame = frame.filter(pl.col(column) == wanted)
    if not values:
        frame = frame.drop("raw_value", strict=False)
    order = pl.col("severity").replace_strict({"reject": 0, "withhold": 1, "query": 2, "note": 3}, default=4)
    return frame.sort(order, "rule", "study", "site", "table", "record_key", "field")


def _published(data: Path, release: Release, values: bool) -> pl.DataFrame:
    """The release's own findings; the text as sent comes from the data manager's history."""
    files = [release.folder / f["path"] for f in release.manifest["files"] if f["dataset"] == "findings" and f["rows"]]
    schema = {c: findings_store.COLUMNS[c] for c in findings_store.IN_RELEASE}
    frame = pl.concat([pl.read_parquet(f) for f in files]) if files else pl.DataFrame(schema=schema)
    if values:
        known = findings_store.history(data).select("finding_id", "raw_value")
        frame = frame.join(known, on="finding_id", how="left")
    return frame


def _held(data: Path, release: Release) -> pl.DataFrame:
    """Findings of deliveries that were worked but are in no release: what a held site must put right."""
    used = {e["fingerprint"] for e in release.manifest["sites"]}
    folders = []
    for entry in release.manifest["sites"]:
        if entry["reason"]:
            staged = sorted((data / "staged" / entry["study"] / entry["export"]).glob("*/staged.json"), key=lambda p: p.stat().st_mtime)
            if staged and staged[-1].parent.name not in {u[:16] for u in used if u} and staged[-1].parent not in folders:
                folders.append(staged[-1].parent)
    frame = findings_store.read_staged(folders)
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in findings_store.LIFE.items()]
    return frame.with_columns(blank).with_columns(pl.lit("HELD").alias("status"))
