"""Columns that a site no longer fills: filled in nearly every record up to a day, blank in all since, the new ones among them.

What belongs here: finding them in two deliveries, and whether one that was told of still is so. What does not: columns that are blank
altogether (fewer_values.py), single values that are gone (value_changes.py), blanks that are rare (core.blank_cell).

A site that fills a column late is told by its earlier records: some that were blank in the delivery before are filled in this one.
"""

from __future__ import annotations

import datetime as dt
import json

import polars as pl

from flows.engine import delivery_findings, records
from schemas.evidence import Evidence

RULE = "field_blank_since"
_CELL = {"subject": pl.String, "on": pl.Date, "text": pl.String, "source_file": pl.String, "source_row": pl.Int64}


def find(diff: records.Difference, now: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """One row a column: since when it is blank, of how many records, where the first one is."""
    dated, rows = _dated(now), []
    for (table,), added in diff.added.group_by("table", maintain_order=True):
        pairs = diff.pairs.filter(pl.col("table") == table)
        for n, field in enumerate(records.fields(str(table))):
            if added.get_column("as_sent").list.get(n, null_on_oob=True).count():
                continue  # a new record has one
            late = pairs.get_column("as_sent").list.get(n, null_on_oob=True).is_not_null()
            if (late & pairs.get_column("as_sent_old").list.get(n, null_on_oob=True).is_null()).any():
                continue
            row = _since(_cells(dated, str(table), n), evidence)
            if row is not None:
                rows.append({"table": table, "field": field, "impact": str(delivery_findings.impact(str(table)))} | row)
    return pl.DataFrame(rows)


def _since(cells: pl.DataFrame, evidence: Evidence) -> dict[str, object] | None:
    """The blanks at the end of a column, where they are as many and lie over as long as no late entry, and hardly one stands before."""
    filled = cells.filter(pl.col("text").is_not_null())
    last = filled.get_column("on").max()
    after = cells.filter(pl.col("on") > last) if last is not None else cells.clear()
    if after.height < evidence.blank_min_cells.value or filled.height < evidence.blank_min_ratings.value:
        return None
    first, newest = after.get_column("on").min(), after.get_column("on").max()
    if not isinstance(first, dt.date) or not isinstance(newest, dt.date) or (newest - first).days < evidence.blank_since_days.value:
        return None
    few = after.get_column("subject").n_unique() < evidence.blank_since_subjects.value
    before = cells.height - after.height
    if few or 100 * filled.height < evidence.blank_since_pct.value * before:
        return None
    at = after.sort("on", maintain_order=True).row(0, named=True)
    return {
        "n_rows": after.height, "source_file": at["source_file"], "source_row": at["source_row"],
        "raw_value": json.dumps({"since": first.isoformat()}),
        "suggestion": f"blank in all {after.height} records since {first.isoformat()}, filled in {filled.height} of {before} before",
    }  # fmt: skip


def stands(row: dict[str, object], now: pl.DataFrame, evidence: Evidence) -> bool:
    """Whether so many records since the day that a finding names are still blank."""
    table, field = str(row["table"]), row["field"]
    if field not in records.fields(table):
        return False
    since = dt.date.fromisoformat(json.loads(str(row["raw_value"]))["since"])
    cells = _cells(_dated(now), table, records.fields(table).index(str(field)))
    return cells.filter((pl.col("on") >= since) & pl.col("text").is_null()).height >= evidence.blank_min_cells.value


def _dated(now: pl.DataFrame) -> pl.DataFrame:
    """Records with the day they are of: a rating's is its session's."""
    session = pl.col("key").str.split("|").list.head(2).list.join("|")
    days = now.filter((pl.col("table") == "session") & pl.col("happened_on").is_not_null()).select(
        pl.lit("rating").alias("table"), session.alias("_session"), pl.col("happened_on").alias("_on")
    )
    with_session = now.with_columns(session.alias("_session"))
    joined = with_session.join(days.unique(["table", "_session"]), on=["table", "_session"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("happened_on", "_on").alias("on"))


def _cells(dated: pl.DataFrame, table: str, n: int) -> pl.DataFrame:
    """One column of a table: whose, of which day, its text."""
    mine = dated.filter((pl.col("table") == table) & pl.col("on").is_not_null())
    text = pl.col("as_sent").list.get(n, null_on_oob=True).alias("text")
    return mine.select("subject", "on", text, "source_file", "source_row").cast(_CELL)  # type: ignore[arg-type]
