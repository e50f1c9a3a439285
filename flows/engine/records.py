"""The records of a delivery: what identifies each one, where it stands, its texts as sent. One file a staged unit.

What belongs here: taking them from a batch, keeping them, comparing two deliveries. What does not: what a difference means for
the site (holding.py) or for the data manager (changes.py).

    staged/<study>/<site>/<fingerprint>/records.parquet    one row a source record; for a long questionnaire one an administration

Records are told apart by their values (subject 0007, not "PT-7"), so that a change of spelling is no new record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from flows.engine import partitions
from schemas.intake import CONTRACTS
from schemas.intake.base import base_name

NAME = "records.parquet"
SCHEMA = pa.schema({
    "site": pa.string(), "table": pa.string(), "key": pa.string(), "slot": pa.string(), "record_key": pa.string(),
    "subject": pa.string(), "source_file": pa.string(), "source_row": pa.int64(), "n": pa.int64(), "happened_on": pa.date32(),
    "as_sent": pa.list_(pa.string()), "digest": pa.uint64(), "removed": pa.bool_(),
})  # fmt: skip

_REPEATED = ("site", "table", "subject", "source_file")
_SUBJECT = "coalesce(subject_id, subject_id_raw, '')"
_DATE = "coalesce(assessed_on::varchar, assessed_on_raw, '')"


@dataclass(frozen=True)
class _Told:
    """How the records of one staging table are told apart. `key`: what identifies a record; `slot`: the key without the part
    that a correction changes most often (the clock time of a dose, the date of a form); `on`: when it happened."""

    key: tuple[str, ...]
    slot: tuple[str, ...]
    on: str = "null"


_TOLD = {
    "subject": _Told((), (), "consented_on"),
    "session": _Told(("session_no",), ("session_no",), "started_at_on"),
    "dose": _Told(("session_no", "time_point", "record_no", "coalesce(dosed_at_local::varchar, dosed_at_raw)"),
                  ("session_no", "time_point", "record_no"), "dosed_at_on"),
    "rating": _Told(("session_no", "exercise_no"), ("session_no", "exercise_no")),
    "medication": _Told(("lower(verbatim)", "coalesce(started_on, started_on_raw)", "record_no"), ("lower(verbatim)", "record_no"),
                        "try_cast(started_on as date)"),
    "form": _Told(("instrument", "visit_key", _DATE), ("instrument", "visit_key"), "assessed_on"),
    "item": _Told(("instrument", "visit_key", _DATE), ("instrument", "visit_key"), "assessed_on"),
    "adverse_event": _Told(("lower(verbatim)", "coalesce(started_on, started_on_raw)", "record_no"), ("lower(verbatim)", "record_no"),
                           "try_cast(started_on as date)"),
    "disposition": _Told((), (), "withdrawn_on"),
    "randomization": _Told((), ()),
}  # fmt: skip
#: Staging table -> the intake table it counts for, where the names differ.
_NAMED = {"form": "assessment", "item": "assessment"}
_NO_TEXT = {"subject_id", "item_values", "dose_as_recorded", "scale", "is_total", "counts", "item_no", "item", "value"}


@cache
def fields(table: str) -> tuple[str, ...]:
    """Names of the texts in `as_sent`, in order. The arm is in none: a randomization record has no texts."""
    if table == "randomization":
        return ()
    contract = CONTRACTS["form" if table == "assessment" else table]
    return tuple(name for f in contract.field_types() if (name := base_name(f)) not in _NO_TEXT)


def take(con: duckdb.DuckDBPyConnection) -> dict[int, bytes]:
    """Unit -> its records as they will be kept, from the staging tables of a batch. As a table they would stand for a sixth of a
    batch's memory until its sets are written."""
    found = con.execute(" union all ".join(_select(table) for table in _TOLD) + ' order by unit, site, "table", _at').to_arrow_table()
    units = found.column("unit").to_numpy()
    firsts = [0, *(np.flatnonzero(np.diff(units)) + 1).tolist(), len(units)]
    spans = [(a, b) for a, b in pairwise(firsts) if b > a]
    return {int(units[first]): encoded(found.slice(first, end - first)) for first, end in spans}


def encoded(table: pa.Table) -> bytes:
    """Records as they are kept."""
    return partitions.encode(table.select(SCHEMA.names).cast(SCHEMA).combine_chunks(), SCHEMA, _REPEATED)


def _select(table: str) -> str:
    told, name = _TOLD[table], _NAMED.get(table, table)
    sent = ", ".join(f"{f}_raw" for f in fields(name))
    removed = "coalesce(scope = 'remove', false)" if table == "disposition" else "false"
    digest = "row_hash" if table == "form" else "0::ubigint"
    plain = f"""
        select unit, site, '{name}' as "table", {_joined(told.key)} as key, {_joined(told.slot)} as slot, record_key,
            {_SUBJECT} as subject, source_file, source_row, 1::bigint as n, {told.on}::date as happened_on,
            [{sent}]::varchar[] as as_sent, {digest} as digest, {removed} as removed, row_id as _at
        from staging.{table}"""
    if table != "item":
        return plain
    first = ", ".join(f"arg_min({c}, row_id)" for c in ("subject_id_raw", "instrument_raw", "visit_raw", "assessed_on_raw"))
    texts = ", ".join(f"arg_min({f}_raw, row_id)" for f in fields(name))
    return f"""
        select unit, site, '{name}', {_joined(told.key)} as key, any_value({_joined(told.slot)}), concat_ws('|', {first}),
            any_value({_SUBJECT}), arg_min(source_file, row_id), min(source_row), count(*), any_value({told.on})::date,
            [{texts}]::varchar[], bit_xor(hash(item_raw, value_raw)), false, min(row_id)
        from staging.item where counts group by unit, site, {_joined(told.key)}"""


def _joined(parts: Sequence[str]) -> str:
    return "concat_ws('|', " + ", ".join([_SUBJECT, *(f"coalesce(({p})::varchar, '')" for p in parts)]) + ")"


def write(taken: Mapping[int, bytes], unit: int, home: Path) -> None:
    """Keep the records of one unit beside its other staged files."""
    (home / NAME).write_bytes(taken.get(unit) or encoded(SCHEMA.empty_table()))


def read(folder: Path) -> pl.DataFrame | None:
    """The records of a staged unit; None where it was staged before records were kept, or is gone."""
    path = folder / NAME
    return pl.read_parquet(path) if path.is_file() else None


@dataclass(frozen=True)
class Difference:
    """Two deliveries of one site. `pairs`: one row a record of both (columns of `old` with the suffix `_old`); `lost`: records of
    the old one that the new one has not; `added`: the opposite."""

    pairs: pl.DataFrame
    lost: pl.DataFrame
    added: pl.DataFrame


def newest(frame: pl.DataFrame) -> pl.DataFrame:
    """Of deliveries that add up, the last row of each record: it wins over those before."""
    return frame.unique(["site", "table", "key"], keep="last", maintain_order=True)


def compare(old: pl.DataFrame, new: pl.DataFrame) -> Difference:
    """Match records by key; what is left over, one to one by slot. Participants whose removal was asked for are left out."""
    gone = new.filter("removed").select("subject").unique()
    old, new = (frame.join(gone, on="subject", how="anti", maintain_order="left") for frame in (old, new))
    on = ["site", "table", "key"]
    first, now = _numbered(old, on), _numbered(new, on)
    exact = now.join(first, on=[*on, "_no"], how="inner", suffix="_old", maintain_order="left").with_columns(pl.col("key").alias("key_old"))
    lost = first.join(now, on=on, how="anti", maintain_order="left")
    added = now.join(first, on=on, how="anti", maintain_order="left")
    by = ["site", "table", "slot"]
    lost, added = _numbered(lost, by), _numbered(added, by)
    moved = added.join(lost, on=[*by, "_no"], how="inner", suffix="_old", maintain_order="left").with_columns(
        pl.col("slot").alias("slot_old")
    )
    exact = exact.with_columns(pl.col("slot").alias("slot_old")) if "slot_old" not in exact.columns else exact
    names = [*new.columns, *(f"{c}_old" for c in new.columns if c not in ("site", "table"))]
    pairs = pl.concat([exact.select(names), moved.select(names)])
    return Difference(
        pairs,
        lost.join(added, on=[*by, "_no"], how="anti", maintain_order="left").select(new.columns),
        added.join(lost, on=[*by, "_no"], how="anti", maintain_order="left").select(new.columns),
    )


def in_both(whole: Difference, alone: Difference) -> Difference:
    """Of the records that are gone or new in one comparison those that are in another one of the same two deliveries, made under another
    configuration: known by their file and row. Records of both deliveries: all that either comparison matches."""
    place = ["table", "source_file", "source_row"]
    lost, added = (
        a.join(b.select(place).unique(), on=place, how="semi", nulls_equal=True, maintain_order="left")
        for a, b in ((whole.lost, alone.lost), (whole.added, alone.added))
    )
    more = alone.pairs.join(whole.pairs.select(place), on=place, how="anti", nulls_equal=True, maintain_order="left")
    return Difference(pl.concat([whole.pairs, more]), lost, added)


def _numbered(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Rows of the same name get numbers, so that two of them meet two."""
    return frame.with_columns(pl.int_range(pl.len()).over(by).alias("_no"))
