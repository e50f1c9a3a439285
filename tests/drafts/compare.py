"""A draft against a mapping that a person wrote: both read the same export, and every value they give is compared.

A field is right when each of its values comes out the same, open when the draft leaves it to a person (DECIDE, or not mapped at all), wrong
when any value is another one or gets lost in silence. A value that the draft withholds with a finding where the person's mapping reads it
is neither: it is counted as told.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flows.engine import landing, models
from flows.engine.config import DEMO, Programme, Unit, load
from flows.engine.mapping import MapInput, map_batch
from flows.engine.mapping.shapes import FIELDS
from flows.newsite import deciding, draft, knowledge, writing
from flows.newsite.asking import questions
from schemas.intake import CONTRACTS
from schemas.intake.base import base_name, is_instant
from schemas.site import Clock

NOW = dt.datetime(2026, 3, 1, 4, 15, tzinfo=dt.UTC)
#: Texts that tell the rows of one source row apart.
_APART = ("session_no_raw", "exercise_no_raw", "time_point_raw", "instrument", "item")


@dataclass
class Field:
    """One field of one table: cells by what became of them."""

    table: str
    name: str
    mapped: bool
    right: int = 0
    left_open: int = 0
    told: int = 0
    wrong: int = 0

    @property
    def verdict(self) -> str:
        """right, open, told or wrong."""
        return "wrong" if self.wrong else "open" if not self.mapped else "told" if self.told else "right" if self.right else "open"


@dataclass
class Result:
    """One site: its fields, fields that only the draft maps, and how many questions the draft asks."""

    site: str
    fields: list[Field] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    asked: int = 0

    def count(self, verdict: str) -> int:
        """Fields with a verdict."""
        return sum(f.verdict == verdict for f in self.fields)

    def cells(self, kind: str) -> int:
        """Cells of all fields: right, left_open, told, wrong."""
        return sum(getattr(f, kind) for f in self.fields)


def sites() -> list[str]:
    """Folders of the demo's sites."""
    return sorted(p.name for p in (DEMO / "sites").iterdir() if p.is_dir())


def compare(folder: str) -> Result:
    """Draft one of the demo's sites from its export and compare."""
    with tempfile.TemporaryDirectory(prefix="trialweave-drafts-") as name:
        root = Path(name)
        truth = load(DEMO)
        unit = next(u for u in truth.units.values() if u.folder.name == folder)
        config = root / "config"
        for part in ("trials", "exports"):
            shutil.copytree(DEMO / part, config / part)
        source = (config / unit.site.source.path).resolve()
        files = sorted(p for p in source.rglob("*") if p.is_file())
        study, site = unit.site.study, unit.site.site_id
        made = draft.make(study, site, files, config, knowledge.read(config, study), _told(unit))
        asked = questions(made.site)
        deciding.leave_out(made.site)
        writing.write(writing.place(config, study, site), writing.text(made), replace=False)
        drafted = load(config)
        own = _rows(truth, unit, root / "truth")
        theirs = _rows(drafted, drafted.units[unit.key], root / "draft")
        return _judge(folder, unit, drafted.units[unit.key], own, theirs, len(asked))


def _told(unit: Unit) -> draft.Told:
    """What the person who drafts is asked and knows: zone, clock, and whether exports are whole."""
    clock = unit.site.defaults.clock
    return draft.Told(unit.site.timezone, str(clock) if clock != Clock.OFFSET else "site", str(unit.site.delivery))


Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def _rows(programme: Programme, unit: Unit, data: Path) -> Rows:
    """Every mapped row by where it came from."""
    delivery = landing.receive(data, unit, programme.root, NOW)
    con = models.connect()
    for schema in ("raw", "mapped"):
        con.execute(f"create schema if not exists {schema}")
    map_batch(con, [MapInput(0, unit, (delivery,))], programme.codelists)
    return {table: _by_place(con, table) for table in CONTRACTS}


def _by_place(con: duckdb.DuckDBPyConnection, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [r[0] for r in con.execute(f"describe mapped.{table}").fetchall()]
    apart = [n for n in _APART if n in names]
    out: dict[tuple[Any, ...], dict[str, Any]] = {}
    for values in con.execute(f"select * from mapped.{table} order by row_id").fetchall():
        row = dict(zip(names, values, strict=True))
        place = (row["source_file"], row["source_row"], *(row[n] for n in apart))
        if table == "form" and place in out:  # the halves of a questionnaire may be mapped by two entries
            both = zip(out[place]["item_values"], row["item_values"], strict=True)
            row["item_values"] = [a if a is not None else b for a, b in both]
            del out[place]
        while place in out:
            place = (*place, "again")
        out[place] = row
    return out


def _judge(folder: str, unit: Unit, drafted: Unit, own: Rows, theirs: Rows, asked: int) -> Result:
    result = Result(folder, asked=asked)
    for table, contract in CONTRACTS.items():
        intake = "assessment" if table in ("form", "item") else table
        named = _named(unit, intake)
        also = _named(drafted, intake)
        result.extra += [f"{intake}.{n}" for n in sorted(also - named) if n in FIELDS[intake]]
        ids: dict[str, set[str]] = {}
        for place, row in own[table].items():
            other = theirs[table].get(place)
            if other is not None and row["subject_id"] is not None and other["subject_id"] is not None:
                ids.setdefault(row["subject_id"], set()).add(other["subject_id"])
        single = len({next(iter(s)) for s in ids.values()}) == len(ids) and all(len(s) == 1 for s in ids.values())
        for column in contract.field_types():
            base = base_name(column)
            name = next((n for n, of in FIELDS[intake].items() if n == base or of.column == base), "")
            name = "value" if base == "item_values" else name
            if name not in named or not own[table]:
                continue
            one = Field(table, name, name in also)
            for place, row in own[table].items():
                _cell(one, row, theirs[table].get(place), column, base, single)
            result.fields.append(one)
    result.extra = sorted(set(result.extra))
    return result


def _cell(one: Field, row: dict[str, Any], other: dict[str, Any] | None, column: str, base: str, single: bool) -> None:
    mine, fault = _value(row, column, base), row.get(f"{base}_fault")
    if mine is None and fault is None:
        if other is not None and one.mapped and _value(other, column, base) is not None:
            one.wrong += 1
        return
    if other is None or not one.mapped:
        one.left_open += 1
        return
    theirs, told = _value(other, column, base), other.get(f"{base}_fault")
    if column == "subject_id":
        same = (theirs is None) == (mine is None) and single
    else:
        same = theirs == mine
    if same:
        one.right += 1
    elif theirs is None and told is not None:
        one.told += 1
    else:
        one.wrong += 1


def _value(row: dict[str, Any], column: str, base: str) -> Any:
    if is_instant(column):
        return (row[f"{base}_local"], row[f"{base}_on"], row[f"{base}_offset_s"]) if row[f"{base}_on"] is not None else None
    return row[column]


def _named(unit: Unit, table: str) -> set[str]:
    """Fields a mapping fills."""
    out: set[str] = set()
    for spec in unit.site.tables.get(table, ()):  # type: ignore[call-overload]
        out |= {n for n, f in spec.fields.items() if f.from_ or f.const is not None} | {"subject_id"}
        if spec.wide is not None and table == "assessment":
            out |= {"value"}
    return out


def all_sites() -> Iterator[Result]:
    """Every site of the demo."""
    for name in sites():
        yield compare(name)
