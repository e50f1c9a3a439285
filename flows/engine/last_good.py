"""A site's last good delivery, as the questions asked of the next one need it.

What belongs here: reading it back from where it is staged. What does not: what is asked (holding.py), which delivery it is (roster.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import label_drift, records
from flows.engine.wanted import RECEIPT
from schemas.findings import Severity

#: Staging table -> the intake table it counts for, where the names differ.
NAMES = {"form": "assessment", "item": "assessment", "item_fault": "assessment"}


@dataclass(frozen=True)
class Before:
    """A site's last good delivery: what the manifest says of it, its records (None: not kept then), its values withheld, the labels
    that its files give to codes, the names of its files by the first 12 characters of their hash, where it is staged."""

    entry: dict[str, Any]
    records: pl.DataFrame | None
    withheld: pl.DataFrame
    items: pl.DataFrame
    labels: label_drift.Labels
    files: dict[str, str]
    folder: Path

    @property
    def is_empty(self) -> bool:
        """Nothing of it was ever published: there is nothing to lose."""
        return not any(t["kept"] for t in self.entry["tables"].values())


def before(entry: dict[str, Any], folder: Path) -> Before:
    """The last good delivery of a site, from its manifest entry and its staged folder."""
    kept = records.read(folder)
    mine = kept.filter(pl.col("site") == entry["site"]) if kept is not None else None
    held = withheld(folder, entry["site"])
    answers, labels = answers_of(folder, entry["site"]), label_drift.read(folder)
    return Before(entry, mine, held, answers, labels, _names(folder, entry), folder)


def _names(folder: Path, entry: dict[str, Any]) -> dict[str, str]:
    """What the files of a delivery are called, from its receipt in landing; empty where that is gone."""
    data, study, export = folder.parents[3], folder.parents[1].name, folder.parents[0].name
    landed = data / "landing" / study / export / str(entry.get("delivery_sha256"))[:12]
    try:
        receipt = json.loads((landed / RECEIPT).read_text(encoding="utf-8"))
        return {f["sha256"][:12]: f["name"] for f in receipt["files"]}
    except (OSError, ValueError, KeyError):
        return {}


def asked(last: Before, site: str) -> set[tuple[str, str]]:
    """(subject, field) of participants' own records that the last good delivery was asked about: a new value is the answer."""
    path = last.folder / "findings.parquet"
    if not path.is_file():
        return set()
    mine = pl.scan_parquet(path).filter(
        (pl.col("site") == site) & pl.col("table").str.starts_with("subject") & (pl.col("severity") != str(Severity.NOTE))
    )
    return set(mine.select("subject", "field").unique().collect().iter_rows())  # type: ignore[arg-type]


def answers_of(folder: Path, site: str) -> pl.DataFrame:
    """How many values each questionnaire item has in a staged folder, and each total as its site reports it (table, field, filled)."""
    schema = {"table": pl.String, "field": pl.String, "filled": pl.Int64}
    parts = [pl.DataFrame(schema=schema)]
    for name, of, value in (("aditem", "ITEMCD", "AVAL"), ("adqs", "PARAMCD", "AVALREP")):
        path = folder / name / f"{site}.parquet"
        if path.is_file():
            there = pl.scan_parquet(path).filter(pl.col(value).is_not_null())
            counts = there.group_by(pl.col(of).cast(pl.String).alias("field")).agg(pl.len().cast(pl.Int64).alias("filled"))
            parts.append(counts.with_columns(pl.lit("assessment").alias("table")).select(list(schema)).collect())
    return pl.concat(parts)


def withheld(folder: Path, site: str) -> pl.DataFrame:
    """How many values of each field (table, field, n) are withheld."""
    path = folder / "findings.parquet"
    if not path.is_file():
        return pl.DataFrame(schema={"table": pl.String, "field": pl.String, "unusable": pl.Int64})
    held = pl.scan_parquet(path).filter((pl.col("site") == site) & (pl.col("severity") == str(Severity.WITHHOLD)))
    return held.group_by(pl.col("table").replace(NAMES), "field").agg(pl.sum("n_rows").alias("unusable")).collect()
