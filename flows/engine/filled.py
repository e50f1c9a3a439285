"""How many values there are: rows of the kept tables and of the published files that have one, a field or variable each.

What belongs here: counting, for receipts. What does not: what the counts mean (harmonization.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.engine.mapping.shapes import FIELDS
from schemas.intake import CONTRACTS

#: Table -> field -> rows with a value; "" counts the rows themselves.
Filled = dict[str, dict[str, int]]


def intake_counts(con: duckdb.DuckDBPyConnection, sources: Mapping[str, tuple[str, ...]]) -> dict[tuple[int, str], Filled]:
    """(unit, site) -> rows kept and rows with a value, for every field as a mapping names it. `sources`: table -> its judged tables."""
    out: dict[tuple[int, str], Filled] = {}
    for table, parts in sources.items():
        for part in parts:
            counted = {name: sql for name in FIELDS[table] if (sql := _count(table, part, name))}
            selected = ", ".join(f'{sql} as "{name}"' for name, sql in counted.items())
            only = "where counts" if part == "item" else ""
            found = con.execute(f"select unit, site, count(*), {selected} from intake.{part} {only} group by all").fetchall()
            for unit, site, rows, *values in found:
                mine = out.setdefault((unit, site), {}).setdefault(table, {})
                for name, n in [("", rows), *zip(counted, values, strict=True)]:
                    mine[name] = mine.get(name, 0) + n
    return out


def _count(table: str, part: str, name: str) -> str:
    """SQL that counts a field's values in a judged table; empty where that table has no such field."""
    if part == "form" and name in ("item", "value"):
        return "count(*) filter (list_count(item_values) > 0)"
    of = FIELDS[table][name]
    known = CONTRACTS[part].field_types()
    column = next((c for c in (of.column, name, f"{name}_utc") if c in known), None)
    return f'count("{column}")' if column else ""


def file_counts(path: Path) -> dict[str, int]:
    """Variable -> rows with a value, read from the statistics of a set's file; "" counts its rows."""
    meta = pq.read_metadata(path)
    out = {"": meta.num_rows}
    for group in range(meta.num_row_groups):
        for place in range(meta.num_columns):
            column = meta.row_group(group).column(place)
            known = column.statistics is not None and column.statistics.has_null_count
            nulls = column.statistics.null_count if known else _nulls(path, group, column.path_in_schema)
            out[column.path_in_schema] = out.get(column.path_in_schema, 0) + column.num_values - nulls
    return out


def _nulls(path: Path, group: int, name: str) -> int:
    """Counted where the file has no statistics on a column, as of one without rows."""
    return int(pq.ParquetFile(path).read_row_group(group, columns=[name])[name].null_count)


def score_counts(table: pa.Table) -> dict[str, list[int]]:
    """PARAMCD -> rows and rows with a score of a table of adqs."""
    scored = table.filter(pc.is_valid(table["AVAL"]))
    every, some = ({r["values"]: r["counts"] for r in pc.value_counts(t["PARAMCD"]).to_pylist()} for t in (table, scored))
    return {code: [n, some.get(code, 0)] for code, n in sorted(every.items())}


def told(table: pa.Table, dataset: str) -> dict[str, Any]:
    """What a receipt says of a set's file besides its hash, from the table that is written: reading the file back would cost a fifth
    of a batch."""
    counts = {"": table.num_rows} | {n: table.num_rows - c.null_count for n, c in zip(table.column_names, table.columns, strict=True)}
    return {"filled": counts} | ({"scores": score_counts(table)} if dataset == "adqs" else {})
