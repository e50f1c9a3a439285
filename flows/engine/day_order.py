"""Columns of dates that are read with day and month the wrong way round: dates that do not exist, but would in the other order.

What belongs here: counting them in a staged delivery. What does not: whether a site is held for them (holding.py, schemas/rules).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine.config import Unit
from schemas.evidence import Evidence
from schemas.rules import dates_exchanged
from schemas.site import IntakeTable

_NAMES = {"form": "assessment", "item": "assessment"}
_YEAR_LAST = r"^\D*(\d{1,2})\D+(\d{1,2})\D"
_YEAR_FIRST = r"^\D*\d{4}\D+(\d{1,2})\D+(\d{1,2})(?:\D|$)"


def may_be(checks: Iterable[Mapping[str, Any]], site: str, received: Mapping[str, int], evidence: Evidence) -> bool:
    """Whether so many dates of a table of a site do not exist that one field's may all be exchanged; else none need be read."""
    n: dict[str, int] = {}
    for c in checks:
        if c["rule"] == "impossible_date" and c["site"] == site:
            table = _NAMES.get(c["table"], c["table"])
            n[table] = n.get(table, 0) + c["n_violated"]
    if not any(n.values()):
        return False
    most = pl.DataFrame(
        [(violated, received.get(table, 0)) for table, violated in n.items()], orient="row",
        schema={"n_exchanged": pl.Int64, "received": pl.Int64},
    )  # fmt: skip
    return not most.select(dates_exchanged.check("", evidence).all()).item()


def exchanged(unit: Unit, folder: Path, site: str, received: Mapping[str, int]) -> pl.DataFrame:
    """One row a field of a table with such dates: `n_exchanged` of them, `n_impossible` that do not exist as declared, rows `received` of
    the table, the format in which they would exist. A field of which formats in both orders are declared has none."""
    path = folder / "findings.parquet"
    if not path.is_file():
        return pl.DataFrame()
    wanted = (pl.col("site") == site) & (pl.col("rule") == "impossible_date") & pl.col("raw_value").is_not_null()
    found = pl.scan_parquet(path).filter(wanted).with_columns(pl.col("table").replace(_NAMES)).collect()
    rows = []
    for (table, name), mine in found.group_by("table", "field", maintain_order=True):
        declared = _declared(unit, str(table), str(name))
        if declared is None:
            continue
        pattern = _YEAR_FIRST if re.match(r"%[Yy]", declared) else _YEAR_LAST
        first, second = (pl.col("raw_value").str.extract(pattern, n).cast(pl.Int64) for n in (1, 2))
        day, month = (first, second) if declared.index("%d") < declared.index("%m") else (second, first)
        n = mine.filter((month > 12) & (day <= 12)).get_column("n_rows").sum()
        n_received, other = received.get(str(table), 0), _other(declared)
        rows.append({"table": str(table), "field": str(name), "n_exchanged": n, "n_impossible": mine.get_column("n_rows").sum(),
                     "n_rows": n, "received": n_received, "other": other,
                     "suggestion": f"{n} dates of {n_received} rows exist only the other way round: {other}, not {declared}"})  # fmt: skip
    return pl.DataFrame(rows).sort("table", "field") if rows else pl.DataFrame()


def _declared(unit: Unit, table: str, name: str) -> str | None:
    """The format of a field's dates, if all that are declared have day and month in one order."""
    specs = unit.site.tables.get(IntakeTable(table), ()) if table in set(IntakeTable) else ()
    formats = [f for spec in specs if name in spec.fields for f in spec.fields[name].format if "%d" in f and "%m" in f]
    return formats[0] if len({f.index("%d") < f.index("%m") for f in formats}) == 1 else None


def _other(declared: str) -> str:
    return declared.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
