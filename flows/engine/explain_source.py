"""The end of the way back: a mapped row's file, row, columns and texts as sent, the mapping line, correction and findings.

What belongs here: reading the landed file again at one row, finding the lines of the mapping. What does not: the way there (explain.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.engine import written
from flows.engine.config import Unit
from flows.engine.explain import Recomputed
from flows.engine.landed import Delivery
from flows.engine.mapping import corrections
from flows.engine.mapping.files import options
from flows.engine.mapping.shapes import FIELDS
from flows.engine.mapping.tables import MAX_MELT, MAX_SPEC
from flows.engine.mapping.wide import Slots
from flows.engine.night import Attempt
from flows.readers import ROW, read
from schemas.site import Column, FieldSpec, TableSpec

_INTAKE = {"form": "assessment", "item": "assessment", "item_fault": "assessment"}
_PARTS = ("_local", "_on", "_part", "_offset_s", "_fault", "_repair", "_raw", "_utc")


@dataclass(frozen=True)
class FieldTrace:
    """One field of one source row. `cells`: (column of the file, text in it now); `lines`: the mapping as written, with its place."""

    field: str
    as_sent: str | None
    value: Any
    fault: str | None
    repair: str | None
    cells: list[tuple[str, str | None]]
    place: str
    lines: list[str]
    correction: str


@dataclass(frozen=True)
class RowTrace:
    """One source row: where it lies, and its fields."""

    table: str
    record_key: str
    file: str
    delivery: str
    path: str
    row: int
    fields: list[FieldTrace]


def trace(made: Recomputed, table: str, rowids: Sequence[int], columns: set[str]) -> list[RowTrace]:
    """Source rows of a mapped table with the fields behind these columns (of a wide questionnaire: its items)."""
    con, unit = made.con, made.attempt.unit
    short = table.partition(".")[2]
    intake = _INTAKE.get(short, short)
    if intake not in unit.site.tables:
        return []
    names = [r[0] for r in con.execute(f"describe {table}").fetchall()]
    numbers = ", ".join(map(str, rowids))
    rows = con.execute(f"select * from {table} where rowid in ({numbers}) order by row_id").fetchall()
    wanted = _fields(short, intake, columns)
    return [_row(made, short, intake, dict(zip(names, row, strict=True)), wanted) for row in rows]


def _fields(short: str, intake: str, columns: set[str]) -> list[str]:
    """Names in the mapping of the fields behind columns, in the order of the contract."""
    bases = set()
    for column in columns:
        base = next((column.removesuffix(p) for p in _PARTS if column.endswith(p) and column.removesuffix(p)), column)
        bases |= {column, base, corrections.field_name(intake, base), corrections.field_name(intake, column)}
    if bases & {"item_values", "value"}:
        bases |= {"item", "value"}
    if "dose_as_recorded" in bases:
        bases.add("dose")
    return [name for name in FIELDS[intake] if name in bases]


def _row(made: Recomputed, short: str, intake: str, row: dict[str, Any], wanted: Sequence[str]) -> RowTrace:
    unit = made.attempt.unit
    delivery = made.attempt.deliveries[row["delivery_no"]]
    landed = next((f for f in delivery.files if f.sha256.startswith(row["source_file"])), None)
    number = (row["row_id"] // MAX_MELT) % MAX_SPEC
    spec = unit.site.tables[intake][number]  # type: ignore[index]
    sent = _cells(delivery, landed.name, unit, spec, row["source_row"]) if landed else {}
    fields = []
    for name in wanted:
        if short == "form" and name in ("item", "value"):
            if name == "value":
                fields += _items(made.attempt, spec, number, row, sent)
            continue
        fields.append(_field(made.attempt, intake, spec, number, name, row, sent))
    return RowTrace(
        intake, row["record_key"], landed.name if landed else row["source_file"], delivery.delivery_id,
        f"landing/{delivery.study}/{delivery.site}/{delivery.delivery_id}/{landed.name}" if landed else "", row["source_row"], fields,
    )  # fmt: skip


def _cells(delivery: Delivery, name: str, unit: Unit, spec: TableSpec, number: int) -> dict[str, str | None]:
    """One row of a landed file, column -> text, read from the file itself."""
    table = read(delivery.folder / name, options(spec, unit.site.defaults)).table
    at = table[ROW].to_pylist().index(number) if number in set(table[ROW].to_pylist()) else None
    return {} if at is None else {n: table[n][at].as_py() for n in table.column_names if n != ROW}


def _field(
    attempt: Attempt, intake: str, spec: TableSpec, number: int, name: str, row: dict[str, Any], sent: dict[str, str | None]
) -> FieldTrace:
    unit = attempt.unit
    told = spec.fields.get(name) or (unit.site.subject_id if name == "subject_id" else None) or FieldSpec.model_validate({"from": name})
    columns = [*told.from_, *filter(None, (told.times, told.unit.from_ if isinstance(told.unit, Column) else None))]
    if name == "subject_id" and not told.from_ and unit.site.subject_id:
        columns = list(unit.site.subject_id.from_)
    column = FIELDS[intake][name].column or name
    value = row.get(column, row.get(f"{column}_local"))
    if f"{column}_local" in row and value is None:
        value = row.get(f"{column}_on") or row.get(f"{column}_part")
    cells = [(c, sent[c]) for c in _source_columns(spec, columns, sent)]
    as_sent = row.get(f"{column}_raw")
    table: tuple[str | int, ...] = ("tables", intake, number)
    path = (*table, "fields", name) if name in spec.fields else ("subject_id",) if name == "subject_id" else (*table, "file")
    place, lines = _written(attempt, path)
    correction = _correction(unit, intake, name, row["record_key"], as_sent)
    return FieldTrace(name, as_sent, value, row.get(f"{column}_fault"), row.get(f"{column}_repair"), cells, place, lines, correction)


def _source_columns(spec: TableSpec, columns: Sequence[str], sent: dict[str, str | None]) -> list[str]:
    """Columns of the file a field reads. A test code of a long table stands in the columns of the code and its value."""
    out = [c for c in columns if c in sent]
    if spec.long is not None and len(out) < len(columns):
        out += [c for c in (spec.long.test, spec.long.value) if c in sent]
    return list(dict.fromkeys(out))


def _items(attempt: Attempt, spec: TableSpec, number: int, row: dict[str, Any], sent: dict[str, str | None]) -> list[FieldTrace]:
    """The items of one wide questionnaire: code, column, text, value."""
    unit = attempt.unit
    instrument = next((i for i in unit.instruments if i.name == row["instrument"]), None)
    if instrument is None or spec.wide is None:
        return []
    slots = Slots.of("", tuple(sent), spec.wide)
    header = list(sent)
    of_row = slots.rows[(row["row_id"] % MAX_MELT)][1] if slots.melts else slots.rows[0][1]
    place, lines = _written(attempt, ("tables", "assessment", number, "wide"))
    out = []
    for code, value in zip(instrument.item_codes(), row["item_values"] or [], strict=False):
        at = of_row.get(code)
        text = sent[header[at]] if at is not None else None
        cells = [(header[at], text)] if at is not None else []
        correction = _correction(unit, "assessment", code, row["record_key"], text)
        out.append(FieldTrace(code, text, value, None, None, cells, place, lines, correction))
        place, lines = "", []
    return out


def _written(attempt: Attempt, path: tuple[str | int, ...]) -> tuple[str, list[str]]:
    """Where the mapping of something is written (site file, else its profile), and the lines themselves."""
    unit = attempt.unit
    found = written.find(written.files(unit, attempt.deliveries[-1].delivered_at.date()), path)
    return _snippet(found[0][0].path, found[0][1], unit) if found else ("", [])


def _snippet(file: Path, line: int, unit: Unit) -> tuple[str, list[str]]:
    """A key's line and the lines below it that belong to it."""
    text = file.read_text(encoding="utf-8-sig").splitlines()
    first = text[line - 1]
    indent = len(first) - len(first.lstrip())
    lines = [first.strip()]
    for more in text[line:]:
        if more.strip() and len(more) - len(more.lstrip()) <= indent:
            break
        lines.append(more.rstrip()[indent:])
    return f"{written.name(unit, file)} line {line}", [x for x in lines if x.strip()][:8]


def _correction(unit: Unit, intake: str, name: str, key: str, as_sent: str | None) -> str:
    """The correction that applies to a field of a record, in words."""
    for one in unit.corrections:
        form, _, code = one.key.rpartition("|")
        fits = one.key == key and corrections.field_name(intake, one.field) == name
        fits = fits or (form == key and code == name)
        if str(one.table) == intake and fits:
            state = "applied" if (as_sent or "") == one.as_sent else "not applied: the site no longer sends that"
            return f"corrections.yaml: {one.as_sent!r} -> {one.use!r}, {one.reason} ({one.who}, {one.when}; {state})"
    return ""


def findings_on(made: Recomputed, visited: dict[str, list[int]]) -> pl.DataFrame:
    """Findings about the rows that were passed on the way, gravest first."""
    told = []
    for table, rowids in visited.items():
        schema, _, short = table.partition(".")
        if schema not in ("staging", "core") or not rowids:
            continue
        columns = {r[0] for r in made.con.execute(f"describe {table}").fetchall()}
        if "row_id" not in columns:
            continue
        numbers = ", ".join(map(str, rowids))
        ids = [r[0] for r in made.con.execute(f"select row_id from {table} where rowid in ({numbers})").fetchall()]
        told.append(made.findings.filter((pl.col("table") == short) & pl.col("row_id").is_in(ids)))
    if not told:
        return made.findings.clear()
    order = {"reject": 0, "withhold": 1, "query": 2, "note": 3}
    return pl.concat(told).unique("finding_id", keep="first", maintain_order=True).sort(
        pl.col("severity").replace_strict(order, return_dtype=pl.Int8), maintain_order=True
    )



def rows_of_finding(con: duckdb.DuckDBPyConnection, table: str, row_ids: Sequence[int]) -> tuple[str, list[int]]:
    """The rows a finding is about, as (table, row numbers); none for a finding about a whole delivery."""
    for name in (f"staging.{table}", f"core.{table}"):
        schema, short = name.split(".")
        sql = "select column_name from information_schema.columns where table_schema = $1 and table_name = $2"
        columns = {r[0] for r in con.execute(sql, [schema, short]).fetchall()}
        if "row_id" in columns and row_ids:
            numbers = ", ".join(str(int(n)) for n in row_ids)
            return name, [r[0] for r in con.execute(f"select rowid from {name} where row_id in ({numbers}) order by 1").fetchall()]
    return "", []
