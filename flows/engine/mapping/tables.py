"""One table mapping over one raw table -> rows of one mapped table, as one INSERT.

What belongs here: which fields are compiled, record key, row id, row hash. What does not: questionnaires (assessment.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import duckdb

from flows.engine import enums
from flows.engine.mapping.codelists import Codelists
from flows.engine.mapping.fields import Plan, Typed, raw_step, typed, words_of
from flows.engine.mapping.files import MapInput, Sheet
from flows.engine.mapping.rows import Joined, Rows
from flows.engine.mapping.shapes import FIELDS, REQUIRED, Kind, merged_id, reading
from flows.engine.mapping.sqltext import Steps, lit
from flows.engine.mapping.text import Fix
from schemas.findings import ConfigurationError
from schemas.intake import CONTRACTS
from schemas.intake.base import STANDARD, base_name, is_instant
from schemas.site import FieldSpec, TableSpec

#: Bits of a row id: file, source row, table mapping, row within a wide row.
MAX_ROW, MAX_SPEC, MAX_MELT = 1 << 28, 1 << 5, 1 << 12


@dataclass
class Job:
    """Units that share one table mapping and one header: mapped by one statement."""

    table: str
    spec_no: int
    spec: TableSpec
    items: list[MapInput]
    sheets: list[Sheet]
    joins: list[Joined]
    lists: Codelists
    is_whole: bool = False
    rows: Rows | None = None
    fixes: dict[str, list[Fix]] = field(default_factory=dict)
    instrument: str | None = None
    item_codes: tuple[str, ...] = ()

    @property
    def first(self) -> MapInput:
        """The unit that stands for all of them."""
        return self.items[0]

    @property
    def label(self) -> str:
        """How messages name it."""
        more = f" (and {len(self.items) - 1} more sites)" if len(self.items) > 1 else ""
        return f"{self.first.unit.key}{more}: {self.table}"

    def open_rows(self) -> Rows:
        """The rows it reads; kept, for the columns used and the rows claimed."""
        self.rows = Rows(self.label, self.spec, self.first.unit.site, self.sheets, self.joins, self.is_whole)
        return self.rows

    def spec_of(self, rows: Rows, name: str) -> FieldSpec | None:
        """A field's mapping after defaults; None when the field is not mapped."""
        site = self.first.unit.site
        spec = self.spec.fields.get(name)
        if name == "subject_id":
            spec = merged_id(spec, site.subject_id)
        if name not in REQUIRED[self.table] or (spec is not None and (spec.from_ or spec.const is not None)):
            return spec
        if not rows.has(name):
            raise ConfigurationError(
                f"{self.label}: {name} is not mapped, and {rows.file_name} has no column of that name\n"
                f"  fix   -> say `{name}: <column>` under fields"
            )
        body = {k: getattr(spec, k) for k in spec.model_fields_set} if spec else {}
        return FieldSpec.model_validate({k: v for k, v in body.items() if k not in ("from_", "const")} | {"from": name})

    def plan(self, rows: Rows, name: str) -> Plan | None:
        """Everything a field is compiled from; None when it is not mapped."""
        spec = self.spec_of(rows, name)
        if spec is None:
            return None
        unit, of = self.first.unit, FIELDS[self.table][name]
        words = words_of(of.words, self.lists, [i.name for i in unit.instruments])
        how = reading(spec, self.spec, unit.site.defaults)
        return Plan(name, of, spec, how, self.lists, words, tuple(self.fixes.get(name, ())))


def create(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], known: Collection[str] = ()) -> None:
    """An empty mapped table; `known`: the enumerations that names are stored as."""
    body = ", ".join(f'"{column}" {kind}' for column, kind in enums.stored(columns, known).items())
    con.execute(f"create or replace table mapped.{name} ({body})")


def row_id(spec_no: int, melt: str = "melt") -> str:
    """A number that is unique in the table and ordered by unit, delivery, file, row, mapping and place in a wide row."""
    return f"((file_no::bigint * {MAX_ROW} + source_row) * {MAX_SPEC} + {spec_no}) * {MAX_MELT} + {melt}"


def record_key(raws: Iterable[str | None]) -> str:
    """Texts as sent, joined by |; the empty text for what is missing."""
    return "concat_ws('|', " + ", ".join("''" if raw is None else f"coalesce({raw}, '')" for raw in raws) + ")"


def row_hash(parts: Sequence[tuple[str, str | None, str | None]]) -> str:
    """Hash over (value, raw, fault) of all non-key fields; the text as sent where a value has a fault."""
    pieces: list[str] = []
    for value, raw, fault in parts:
        pieces.append(value)
        if raw is not None and fault is not None:
            pieces.append(f"case when {fault} is not null then {raw} end")
    return f"hash({', '.join(pieces)})" if pieces else "hash(0)"


def standard(spec_no: int, key: str, hashed: str, melt: str = "melt") -> dict[str, str]:
    """The standard columns."""
    return {name: name for name in STANDARD} | {"row_id": row_id(spec_no, melt), "record_key": key, "row_hash": hashed}


def insert(
    con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], values: dict[str, str], source: str, order: str = ""
) -> None:
    """INSERT in the table's column order; what has no value is null."""
    unknown = set(values) - set(columns)
    if unknown:
        raise KeyError(f"mapped.{table} has no columns {sorted(unknown)}")
    body = ",\n    ".join(f'{values[c]} as "{c}"' if c in values else f'cast(null as {kind}) as "{c}"' for c, kind in columns.items())
    con.execute(f"insert into mapped.{table}\nselect\n    {body}\nfrom ({source}){order}")


def compile_fields(job: Job, rows: Rows, steps: Steps, names: Iterable[str], key_names: Sequence[str]) -> tuple[dict[str, Typed], str]:
    """Raw texts, then the record key, then values: (mapped name -> steps of the field, step of the record key)."""
    plans = [p for name in names if (p := job.plan(rows, name)) is not None]
    raws = {p.name: raw_step(steps, p, rows.resolve) for p in plans}
    key = steps.add("key__text", record_key(raws.get(n) for n in key_names if n != "record_no" or n in raws))
    return {p.name: typed(steps, p, rows.resolve, raws[p.name], key) for p in plans}, key


def columns_of(table: str, name: str, made: Typed) -> dict[str, str]:
    """Output columns of one field."""
    of = FIELDS[table][name]
    column = of.column or name
    out = {f"{column}_raw": made.raw, f"{column}_fault": made.fault, f"{column}_repair": made.repair}
    if of.kind == Kind.INSTANT:
        parts = {"local": made.value, "on": made.on, "part": made.part, "offset_s": made.offset_s}
        return out | {f"{column}_{part}": step for part, step in parts.items()}
    return out | {column: made.value}


def map_table(con: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Map one job into its table."""
    contract, rows, steps = CONTRACTS[job.table], job.open_rows(), Steps()
    key_names = [base_name(k) for k in contract.key]
    made, key = compile_fields(job, rows, steps, FIELDS[job.table], key_names)
    values: dict[str, str] = {}
    hashed: list[tuple[str, str | None, str | None]] = []
    for name, field_ in made.items():
        values |= columns_of(job.table, name, field_)
    if job.table == "dose" and "dose" in made:
        values["dose_as_recorded"] = made["dose"].raw
    if job.table == "rating" and (scale := scale_of(job.spec)) is not None:
        values["scale"] = lit(scale)
    for column in contract.field_types():
        base = base_name(column)
        if base in key_names:
            continue
        for part in (f"{base}_local", f"{base}_on", f"{base}_offset_s") if is_instant(column) else (base,):
            if part in values:
                hashed.append((values[part], values.get(f"{base}_raw"), values.get(f"{base}_fault")))
    values |= standard(job.spec_no, key, row_hash(hashed))
    order = "" if rows.is_ordered else " order by row_id"
    insert(con, job.table, contract.mapped_columns(), values, steps.sql(rows.sql(), values.values()), order)


def scale_of(spec: TableSpec) -> str | None:
    """The declared scale of a rating table (all its fields declare the same)."""
    scales = [str(f.scale) for f in spec.fields.values() if f.scale is not None]
    return scales[0] if scales else None
