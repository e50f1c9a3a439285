"""Corrections of a site's known errors: which fields of which job they touch, and which of them are stale.

What belongs here: matching corrections.yaml to jobs. What does not: putting the text in place (text.py, items.py).

`key` is the record key and `field` the field of the finding (dose_mg) or of the mapping (dose). An item of a questionnaire is
named by the key of its administration and the item code as field, or as its finding names it: key|ITEM, field value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from flows.engine.config import Correction, Unit
from flows.engine.mapping.files import MapInput
from flows.engine.mapping.shapes import FIELDS
from flows.engine.mapping.sqltext import lit
from flows.engine.mapping.tables import Job
from flows.engine.mapping.text import Fix
from schemas.findings import ConfigurationError

STALE_COLUMNS = {
    "unit": "INTEGER", "study": "VARCHAR", "site": "VARCHAR", "table_name": "VARCHAR", "record_key": "VARCHAR", "field": "VARCHAR",
    "is_there": "BOOLEAN",
}  # fmt: skip


def field_name(table: str, field: str) -> str:
    """The mapping's name of a field that a correction or a finding names."""
    for name, of in FIELDS[table].items():
        if field in (name, of.column, f"{name}_utc"):
            return name
    return field


def item_codes(unit: Unit) -> set[str]:
    """Codes of all items of the unit's instruments."""
    return {code for instrument in unit.instruments for code in instrument.item_codes()}


def fixes_of(table: str, items: Sequence[MapInput]) -> dict[str, list[Fix]]:
    """Field -> corrections of these units, for one table."""
    out: dict[str, list[Fix]] = {}
    for item in items:
        for one in item.unit.corrections:
            if one.table != table:
                continue
            for field, key in _places(item.unit, one):
                out.setdefault(field, []).append(Fix(item.unit_no, key, one.as_sent, one.use))
    return out


def _places(unit: Unit, one: Correction) -> list[tuple[str, str]]:
    """Where a correction can apply, as (field, key)."""
    name = field_name(one.table, one.field)
    places = [(name, one.key)]
    if one.table == "assessment" and name == "value":
        form, _, code = one.key.rpartition("|")
        if code in item_codes(unit):
            places.append((code, form))
    return places


def problems(unit: Unit) -> list[str]:
    """Corrections that cannot apply: an unknown field, a table that is not mapped, two answers for one text."""
    out = []
    uses: dict[tuple[str, str, str, str], str] = {}
    for one in unit.corrections:
        name = field_name(one.table, one.field)
        allowed = set(FIELDS[one.table]) | (item_codes(unit) if one.table == "assessment" else set())
        if name not in allowed:
            out.append(f"corrections: {one.table} has no field {one.field!r}; it has {', '.join(FIELDS[one.table])}")
        if one.table not in unit.site.tables:
            out.append(f"corrections: table {one.table} is not mapped")
        place = (one.table, one.key, name, one.as_sent)
        if uses.setdefault(place, one.use) != one.use:
            out.append(f"corrections: two different corrections of {one.table} field {one.field!r} for one record and text")
    return out


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """The table that remembers which corrections of questionnaire cells were used."""
    con.execute("create or replace table raw.fix_hit (unit integer, table_name varchar, record_key varchar, field varchar, raw varchar)")


def find_stale(con: duckdb.DuckDBPyConnection, inputs: Iterable[MapInput], jobs: Sequence[Job]) -> None:
    """mapped.stale_correction: those that met no row, or another text."""
    mapped = {job.table for job in jobs}
    for item in inputs:
        for one in item.unit.corrections:
            if one.table not in mapped or _is_used(con, item, one):
                continue
            site = item.unit.site
            row = [item.unit_no, site.study, site.site_id, str(one.table), one.key, one.field, _is_there(con, item, one)]
            con.execute("insert into mapped.stale_correction values (?, ?, ?, ?, ?, ?, ?)", row)
    con.execute("drop table if exists raw.fix_hit")


def _is_used(con: duckdb.DuckDBPyConnection, item: MapInput, one: Correction) -> bool:
    """Whether the record is there and still holds the text as it was."""
    for name, key in _places(item.unit, one):
        tables = ["form", "item"] if one.table == "assessment" else [str(one.table)]
        tests = [f"from raw.fix_hit where unit = $1 and record_key = $2 and coalesce(raw, '') = $3 and field = {lit(name)}"]
        if name in FIELDS[one.table]:
            column = FIELDS[one.table][name].column or name
            tests = [
                f'from mapped.{table} where unit = $1 and record_key = $2 and coalesce("{column}_raw", \'\') = $3'
                for table in tables
                if table == "item" or name not in ("item", "value")
            ]
        for test in tests:
            found = con.execute(f"select count(*) {test}", [item.unit_no, key, one.as_sent]).fetchone()
            if found and found[0]:
                return True
    return False


def _is_there(con: duckdb.DuckDBPyConnection, item: MapInput, one: Correction) -> bool:
    """Whether a record has the correction's key, whatever it holds."""
    tables = ["form", "item"] if one.table == "assessment" else [str(one.table)]
    keys = [key for _, key in _places(item.unit, one)]
    asked = [f"select 1 from mapped.{table} where unit = $1 and list_contains($2, record_key) limit 1" for table in tables]
    return any(con.execute(sql, [item.unit_no, keys]).fetchone() is not None for sql in asked)


def refuse(unit: Unit) -> None:
    """Raise ConfigurationError for corrections that cannot apply."""
    if found := problems(unit):
        raise ConfigurationError("\n".join(f"{unit.key}: {text}" for text in found))
