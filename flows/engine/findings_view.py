"""Findings as a person asks for them: of the latest release or of a held delivery, with or without the text as sent.

What belongs here: choosing rows. What does not: printing (flows/cli/rows.py), keeping the history (findings_store.py).
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from flows.engine import findings_store
from flows.engine.releases import Release
from schemas.findings import FindingStatus
from schemas.rules import catalogue


def select(
    data: Path, release: Release, *, site: str = "", rule: str = "", severity: str = "", table: str = "", subject: str = "",
    status: str = "", held: bool = False, values: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """Findings that fit, in order of severity, rule, site and record, `file` the name of the site's file. `raw_value` only with
    `values`. Those that are RESOLVED are in no release: they are asked of the history, with `why` they are gone."""
    if status == FindingStatus.RESOLVED and not held:
        frame = findings_store.history(data).drop("release_id")
    else:
        frame = _held(data, release) if held else _published(data, release, values)
    study, _, name = site.partition("/")
    if site:
        frame = frame.filter((pl.col("study") == study) & (pl.col("site") == name) if name else pl.col("study") == study)
    for column, wanted in (("rule", rule), ("severity", severity), ("table", table), ("subject", subject), ("status", status)):
        if wanted:
            frame = frame.filter(pl.col(column) == wanted)
    if not values:
        frame = frame.drop("raw_value", strict=False)
    order = pl.col("severity").replace_strict({"reject": 0, "withhold": 1, "query": 2, "note": 3}, default=4)
    frame = frame.join(file_names(data, frame), on=["study", "site", "source_file"], how="left")
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
    folders: dict[Path, list[str]] = {}
    troubled = [e for e in release.manifest["sites"] if e["reason"]]
    for entry in troubled:
        folder = data / "staged" / entry["study"] / entry["export"] / (entry.get("held") or "-")[:16]
        if (folder / "findings.parquet").is_file():
            folders.setdefault(folder, []).append(entry["site"])
    found = findings_store.read_staged(folders)
    about = {r.id for r in catalogue() if any(t.startswith("delivery") for t in r.tables)}
    known = findings_store.history(data, [(e["study"], e["site"]) for e in troubled])
    told = known.filter(pl.col("rule").is_in(about) & (pl.col("status") != "RESOLVED")).select(found.columns)
    frame = pl.concat([found, told]).unique("finding_id", keep="first", maintain_order=True)
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in findings_store.LIFE.items()]
    return frame.with_columns(blank).with_columns(pl.lit("HELD").alias("status"))


def file_names(data: Path, frame: pl.DataFrame) -> pl.DataFrame:
    """study, site, source_file -> `file`: what a landed file is called, of the files these findings name."""
    rows = []
    known: dict[Path, dict[str, str]] = {}
    for study, site, source in frame.select("study", "site", "source_file").unique().drop_nulls().iter_rows():
        for home in (data / "landing" / study / site, *sorted((data / "landing" / study).glob("*"))):
            if home not in known:
                receipts = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(home.glob("*/receipt.json"))]
                known[home] = {f["sha256"][:12]: f["name"] for r in receipts for f in r["files"]}
            if source in known[home]:
                rows.append((study, site, source, known[home][source]))
                break
    schema = dict.fromkeys(("study", "site", "source_file", "file"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").unique(["study", "site", "source_file"])
