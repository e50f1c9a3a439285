"""How many texts of each field or item two deliveries of a site have, and how many of them are withheld.

What belongs here: the table that `field_emptied` and `field_unusable` are asked of. What does not: records that are no longer sent
(fewer_records.py), values that are other ones (recoding.py).
"""

from __future__ import annotations

import polars as pl

from flows.engine import records
from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.last_good import Before, answers_of, withheld
from flows.engine.mapping.corrections import field_name
from flows.engine.mapping.shapes import FIELDS
from schemas.evidence import Evidence
from schemas.site import IntakeTable


def counts(unit: Unit, last: Before, now: pl.DataFrame, staged: Staged, site: str, evidence: Evidence) -> pl.DataFrame:
    """One row a field or item: how many records have a text for it, before and now, and how many of these are withheld."""
    limit = unit.trial.holding
    min_rows = evidence.hold_lost_rows.value if limit.min_lost_rows is None else limit.min_lost_rows
    max_pct = evidence.hold_unusable_pct.value if limit.max_unusable_pct is None else limit.max_unusable_pct
    unusable, on = withheld(staged.folder, site), ["table", "field"]
    old = _filled(last.records if last.records is not None else now.clear())
    known = pl.concat([old, _with_withheld(last.items, last.withheld)]).rename({"filled": "filled_before"})
    here = pl.concat([_filled(now), _with_withheld(answers_of(staged.folder, site), unusable)])
    bad = (
        known.join(here, on=on, how="left").with_columns(pl.col("filled").fill_null(0))
        .join(unusable, on=on, how="left").join(last.withheld.rename({"unusable": "_was"}), on=on, how="left")
        .with_columns(pl.col("unusable", "_was").fill_null(0))
    )  # fmt: skip
    gone = [(t, f) for t, f in bad.select(on).iter_rows() if not _is_mapped(unit, t, f)]
    bad = bad.join(pl.DataFrame(gone, schema={n: pl.String for n in on}, orient="row"), on=on, how="anti", maintain_order="left")
    share = 100 * pl.col("unusable") / pl.col("filled") - 100 * pl.col("_was") / pl.col("filled_before")
    return (
        bad.filter(pl.col("table").is_in(now.get_column("table").unique().implode()))
        .with_columns(
            share.fill_nan(0).alias("grown_pct"), pl.lit(min_rows).alias("min_rows"), pl.lit(max_pct).alias("max_unusable_pct"),
            pl.max_horizontal("unusable", "filled_before").alias("n_rows"),
            pl.when(pl.col("filled") == 0)
            .then(pl.format("no text now; {} before", "filled_before"))
            .otherwise(pl.format("{} of {} texts withheld now; {} of {} before", "unusable", "filled", "_was", "filled_before"))
            .alias("suggestion"),
        )
        .sort("table", "field")
    )  # fmt: skip


def _is_mapped(unit: Unit, table: str, field: str) -> bool:
    """Whether today's mapping still reads a field; one that it no longer names is empty for a reason."""
    name = field_name(table, field)
    if any(field == scale.paramcd for i in unit.instruments for scale in i.scales):  # a total: named, or a row among the items
        return any(field in spec.totals or "item" in spec.fields for spec in unit.site.tables.get(IntakeTable(table), ()))
    if name not in FIELDS[table]:
        return True
    return name == "instrument" or any(name in spec.fields for spec in unit.site.tables.get(IntakeTable(table), ()))


def _with_withheld(counts: pl.DataFrame, unusable: pl.DataFrame) -> pl.DataFrame:
    """Items as they were sent: those in the set and those withheld from it."""
    joined = counts.join(unusable, on=["table", "field"], how="left")
    return joined.select("table", "field", pl.col("filled") + pl.col("unusable").fill_null(0))


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """How many records of each table have a text for each field."""
    parts = []
    for (table,), mine in frame.group_by("table", maintain_order=True):
        names = records.fields(str(table))
        counts = mine.select(pl.col("as_sent").list.get(i, null_on_oob=True).count().alias(n) for i, n in enumerate(names))
        parts += [(str(table), n, counts.item(0, n)) for n in names]
    return pl.DataFrame(parts, schema={"table": pl.String, "field": pl.String, "filled": pl.Int64}, orient="row")
