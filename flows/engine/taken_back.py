"""Records of deliveries that add up whose newest row is what an older one was, with another one in between.

What belongs here: finding them among all rows of a unit, every night anew. What does not: files that came before as they are
(returned.py), values that are other ones than in the delivery before (value_changes.py).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.engine import delivery_findings, records
from flows.engine.batch import Staged
from flows.engine.config import Unit

RULE = "older_values_returned"
#: Tables of which one place holds one record, whatever its clock time or date: a correction of that is no other record.
_BY_SLOT = ("assessment", "session", "subject", "disposition")


def told(unit: Unit, staged: Staged, site: str) -> pl.DataFrame:
    """Findings about such records; none of sites whose every delivery is whole."""
    kept = records.read(staged.folder) if unit.site.delivery == "delta" else None
    found = of_records(kept.filter(pl.col("site") == site)) if kept is not None else None
    if found is None or found.is_empty():
        return delivery_findings.none_found()
    rows = [
        {"table": r["table"], "subject": r["subject"], "record_key": r["record_key"], "source_file": r["source_file"],
         "source_row": r["source_row"], "n_rows": 1, "raw_value": delivery_findings.texts(r["table"], r["key"], r["as_sent"]),
         "impact": str(delivery_findings.impact(r["table"])), "suggestion": _words(r)}
        for r in found.iter_rows(named=True)
    ]  # fmt: skip
    return delivery_findings.findings(RULE, unit, site, pl.DataFrame(rows))


def of_records(kept: pl.DataFrame) -> pl.DataFrame:
    """One row a record whose newest version is an older one again: that version, and the texts of the one it replaced (`_between`).
    `kept`: records of one site as records.SCHEMA, in the order in which they came."""
    name = pl.when(pl.col("table").is_in(_BY_SLOT)).then("slot").otherwise("key")
    by = ["table", "_name"]
    version = pl.struct(pl.col("as_sent").list.eval(pl.element().fill_null("").str.strip_chars()).list.join("\0"), "digest", "n")
    frame = kept.filter(~pl.col("removed")).with_columns(name.alias("_name"), version.hash().alias("_version"))
    many = frame.group_by(*by, "source_file").len().filter(pl.col("len") > 1).select(by).unique()
    frame = frame.join(many, on=by, how="anti", maintain_order="left")  # two records of one place: nobody knows which is which
    before = pl.col("_version").shift(1).over(by)
    frame = frame.filter(before.is_null() | (pl.col("_version") != before))
    again = frame.group_by(by, maintain_order=True).agg(
        pl.col("_version").last().is_in(pl.col("_version").slice(0, pl.len() - 1).implode()).alias("_again"),
        pl.col("as_sent").slice(-2, 1).first().alias("_between"), pl.len().alias("_n"),
    )  # fmt: skip
    again = again.filter((pl.col("_n") > 2) & pl.col("_again"))
    return frame.unique(by, keep="last", maintain_order=True).join(again, on=by, how="inner", maintain_order="left")


def _words(row: dict[str, Any]) -> str:
    """Which fields differ in the version between."""
    pairs = zip(records.fields(row["table"]), row["as_sent"], row["_between"], strict=False)
    other = [name for name, a, b in pairs if (a or "").strip() != (b or "").strip()]
    return f"{', '.join(other) or 'answers'} as before a delivery that changed them"
