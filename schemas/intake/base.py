"""What every intake contract shares: the standard columns, how a field spreads into columns, and the key.

What belongs here: the shape common to all intake tables. What does not: a table's own fields (one file each beside this
one), checks that ask about plausibility (schemas/rules/), window and dose limits (config/).

A contract lists the fields of kept rows. Around it lie the columns that judging needs: for a field `weight_kg` the text as
sent (`weight_kg_raw`), why it could not be used (`weight_kg_fault`) and which written rule put its spelling right
(`weight_kg_repair`). An instant `dosed_at_utc` additionally has `dosed_at_local` (wall clock as sent), `dosed_at_on` (the
known date), `dosed_at_part` (ISO 8601 text of a date known to the month only) and `dosed_at_offset_s` (seconds east of UTC);
its raw, fault and repair columns are `dosed_at_raw` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

#: Standard columns of every intake table: name -> DuckDB type.
STANDARD = {
    "unit": "INTEGER",
    "study": "VARCHAR",
    "site": "VARCHAR",
    "delivery_no": "INTEGER",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "row_id": "BIGINT",
    "record_key": "VARCHAR",
    "row_hash": "UBIGINT",
}

_DUCKDB = {"String": "VARCHAR", "Float64": "DOUBLE", "Int32": "INTEGER", "Int64": "BIGINT", "Boolean": "BOOLEAN", "Date": "DATE"}


class Intake(pa.DataFrameModel):
    """Base of every intake contract."""

    class Config:
        """Nothing more, nothing less than the columns named."""

        strict = True
        coerce = False


@dataclass(frozen=True)
class Table:
    """A contract with its key: the fields that tell rows apart, and those of them that must not be null."""

    contract: type[Intake]
    key: tuple[str, ...]
    required: tuple[str, ...]

    def field_types(self) -> dict[str, str]:
        """Field -> DuckDB type of its value; an instant is listed under its `_utc` name with TIMESTAMPTZ."""
        types: dict[str, str] = {}
        for name, column in self.contract.to_schema().columns.items():
            dtype = column.dtype.type
            if isinstance(dtype, pl.Datetime):
                types[name] = "TIMESTAMPTZ"
            elif isinstance(dtype, pl.List):
                types[name] = "DOUBLE[]"
            else:
                types[name] = _DUCKDB[str(dtype)]
        return types

    def mapped_columns(self) -> dict[str, str]:
        """Every column of mapped.<table> -> DuckDB type: standard columns, then each field with its companions."""
        columns = dict(STANDARD)
        for field, dtype in self.field_types().items():
            base = base_name(field)
            if is_instant(field):
                columns |= {f"{base}_local": "TIMESTAMP", f"{base}_on": "DATE", f"{base}_part": "VARCHAR", f"{base}_offset_s": "INTEGER"}
            else:
                columns[field] = dtype
            columns |= {f"{base}_raw": "VARCHAR", f"{base}_fault": "VARCHAR", f"{base}_repair": "VARCHAR"}
        return columns


def is_instant(field: str) -> bool:
    """Whether a field is an instant: its name ends in _utc."""
    return field.endswith("_utc")


def base_name(field: str) -> str:
    """`dosed_at` for `dosed_at_utc`, any other field's own name."""
    return field.removesuffix("_utc")
