"""What a mapping makes of the export as it lies at its source now: kept, quarantined, unread; nothing of it stays.

What belongs here: landing into a temporary folder, working it there, counting. What does not: the route itself (batch.py), printing
(flows/cli/check_config.py). Of participants only counts are told.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import batch, landing
from flows.engine.config import Programme, Unit
from flows.engine.guard import no_values
from flows.engine.mapping import MapInput
from schemas.rules import catalogue
from schemas.site import Column, FieldSpec

#: Rules that tell of columns, files and rows that no mapping reads; the record key names them.
_UNREAD = ("unmapped_column", "unclaimed_file")


@dataclass(frozen=True)
class Tried:
    """`tables`: (site, table) -> received, kept, quarantined, withheld. `found`: one row a table, field and rule with `columns`, `rows`.
    `unread_columns`: (file, column); `unread_files`: names."""

    key: str
    files: list[str]
    tables: dict[tuple[str, str], dict[str, int]]
    found: list[dict[str, Any]]
    unread_columns: list[tuple[str, str]]
    unread_files: list[str]


def try_unit(programme: Programme, unit: Unit, now: dt.datetime) -> Tried:
    """Land and work one unit in a temporary place. Raises ReadError when its files are not as the mapping says."""
    with tempfile.TemporaryDirectory(prefix="trialweave-try-") as name, no_values():
        data = Path(name)
        delivery = landing.receive(data, unit, programme.root, now)
        staged = batch.work(programme, data, [MapInput(0, unit, (delivery,))])[0]
        found = pl.read_parquet(staged.folder / "findings.parquet")
        sites: dict[str, Any] = staged.receipt["sites"]
    tables = {(site, table): n for site, of in sorted(sites.items()) for table, n in of["tables"].items() if n["received"]}
    return Tried(
        unit.key, [f.name for f in delivery.files], tables, _counted(unit, found),
        sorted({_pair(k) for k in found.filter(pl.col("rule") == "unmapped_column")["record_key"]}),
        sorted(set(found.filter(pl.col("rule") == "unclaimed_file")["record_key"])),
    )  # fmt: skip


def _pair(key: str) -> tuple[str, str]:
    file, _, column = key.partition("|")
    return file, column


def _counted(unit: Unit, found: pl.DataFrame) -> list[dict[str, Any]]:
    """Findings by severity, table, field and rule, with the columns the field is read from."""
    order = {s: n for n, s in enumerate(("reject", "withhold", "query", "note"))}
    counts = (
        found.filter(~pl.col("rule").is_in(_UNREAD))
        .group_by("severity", "table", "field", "rule")
        .agg(pl.sum("n_rows").alias("rows"))
        .sort(pl.col("severity").replace_strict(order, default=9), pl.col("rows") * -1, "table", "field", "rule")
    )
    message = {rule.id: rule.message for rule in catalogue()}
    return [
        row | {"columns": columns_of(unit, row["table"], row["field"]), "message": message[row["rule"]]}
        for row in counts.iter_rows(named=True)
    ]


def columns_of(unit: Unit, table: str, field: str) -> list[str]:
    """Columns of the site's files that a field is read from, in the order the mapping names them."""
    intake = "assessment" if table in ("form", "item", "item_fault") else table
    wanted = {field, field.removesuffix("_mg"), field.removesuffix("_suds"), field.removesuffix("_utc")}
    out: dict[str, None] = {}
    for spec in (s for t, specs in unit.site.tables.items() if t == intake for s in specs):
        own = {**spec.fields, **spec.totals}
        if unit.site.subject_id is not None:
            own.setdefault("subject_id", unit.site.subject_id)
        for name, one in own.items():
            if name in wanted:
                out |= dict.fromkeys(_read_by(one))
        if field in ("item", "value", "item_values") and spec.wide is not None:
            out[spec.wide.pattern] = None
    return [*out]


def _read_by(spec: FieldSpec) -> list[str]:
    more = [spec.times] if spec.times else []
    return [*spec.from_, *more, *([spec.unit.from_] if isinstance(spec.unit, Column) else [])]
