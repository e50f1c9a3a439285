"""What can be said about a site's mapping without its files: unknown fields, options that mean nothing, units, scales, formats.

What belongs here: checks of configuration against configuration. What does not: columns of a file (rows.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import duckdb

from flows.engine.config import Unit
from flows.engine.mapping import codelists, corrections
from flows.engine.mapping.codelists import Codelists
from flows.engine.mapping.dateformat import FormatError
from flows.engine.mapping.fields import formats, words_of
from flows.engine.mapping.shapes import FIELDS, OPTIONS, QUANTITIES, REQUIRED, FieldOf, Kind, merged_id, reading
from flows.engine.mapping.text import const_text
from flows.engine.mapping.wide import template_groups
from schemas.findings import ConfigurationError
from schemas.site import Condition, FieldSpec, IntakeTable, TableSpec

#: Kinds of which a table has several fields with a meaning each.
_ONE_MEANING = (Kind.INTEGER, Kind.SUDS, Kind.INSTANT, Kind.DATE, Kind.PARTIAL)
_SITE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


def check_mapping(unit: Unit, lists: Codelists | None = None) -> list[str]:
    """Every problem of a unit's mapping that shows without its files; an empty list when there is none."""
    words = lists or codelists.read()
    out: list[str] = []
    site = unit.site
    for table, specs in site.tables.items():
        for number, spec in enumerate(specs):
            label = f"tables.{table}" + (f"[{number}]" if len(specs) > 1 else "")
            out += [f"{label}: {text}" for text in _table(unit, table, spec, words)]
    out += [f"not_collected.{t}" for t in _not_collected(unit)]
    out += [f"ignore_rows: {t}" for rule in site.ignore_rows for t in _conditions(rule.where)]
    if site.sites is not None:
        out += [f"sites: {t}" for t in _regex(site.sites.pattern)]
        out += [f"sites.map: {v!r} is no site name" for v in (site.sites.map or {}).values() if not _SITE_NAME.match(v)]
    return list(dict.fromkeys(out + corrections.problems(unit)))


def _not_collected(unit: Unit) -> Iterator[str]:
    """What is declared not collected is a field there is, and nothing reads it."""
    for table, names in unit.site.not_collected.items():
        specs = unit.site.tables.get(table, ())
        for name in names:
            if name != "*" and name not in FIELDS[table]:
                yield f"{table}: unknown field {name!r}; {table} has {', '.join(FIELDS[table])}"
            elif specs and (name == "*" or name in REQUIRED[table] or any(name in spec.fields for spec in specs)):
                yield f"{table}: {'the table' if name == '*' else name} is mapped; take it out of one of the two"


def refuse(unit: Unit, lists: Codelists) -> None:
    """Raise ConfigurationError with every problem of a unit's mapping."""
    if found := check_mapping(unit, lists):
        raise ConfigurationError("\n".join(f"{unit.key}: {text}" for text in found))


def _table(unit: Unit, table: IntakeTable, spec: TableSpec, lists: Codelists) -> Iterator[str]:
    known = FIELDS[table]
    for name in spec.fields:
        if name not in known:
            yield f"unknown field {name!r}; {table} has {', '.join(known)}"
    for name, field in spec.fields.items():
        if name in known and not (name == "value" and table == IntakeTable.ASSESSMENT and "item" not in spec.fields):
            whole = merged_id(field, unit.site.subject_id) if name == "subject_id" else field
            yield from (f"{name}: {t}" for t in _field(unit, table, name, known[name], whole, spec, lists))
    if "subject_id" not in spec.fields and unit.site.subject_id is not None:
        yield from (f"subject_id: {t}" for t in _field(unit, table, "subject_id", known["subject_id"], unit.site.subject_id, spec, lists))
    yield from _read_twice(known, spec)
    yield from _conditions(spec.where)
    for join in spec.join:
        yield from _conditions(join.where)
    taken = [name for join in spec.join for name in join.take]
    if len(taken) != len(set(taken)):
        yield "two joins take a column of the same name"
    if spec.site is not None and unit.site.sites is None:
        yield "`site` is given, but the export is not declared to hold many sites (`sites`)"
    if table == IntakeTable.ASSESSMENT:
        yield from _assessment(unit, spec, lists)
    else:
        if spec.totals:
            yield "`totals` belongs to assessments"
        if spec.wide is not None and spec.wide.item is not None:
            yield "wide.item belongs to assessments"
    if table == IntakeTable.RATING and len({f.scale for f in spec.fields.values() if f.scale is not None}) > 1:
        yield "begin, peak and end must declare the same scale; give another scale its own table entry"


def _read_twice(known: dict[str, FieldOf], spec: TableSpec) -> Iterator[str]:
    """Two fields of one kind that read the same text: one of them is mapped wrong, or not known and then not to be mapped."""
    seen: dict[tuple[object, ...], str] = {}
    for name, field in spec.fields.items():
        if name in known and field.from_ and known[name].kind in _ONE_MEANING:
            first = seen.setdefault((known[name].kind, field.from_, field.pattern), name)
            if first != name:
                yield f"{first} and {name} both read {', '.join(map(repr, field.from_))}; a cell is one of the two"


def _assessment(unit: Unit, spec: TableSpec, lists: Codelists) -> Iterator[str]:
    params = {s.paramcd for i in unit.instruments for s in i.scales}
    for name, field in spec.totals.items():
        if name not in params:
            yield f"totals: {name!r} is no parameter of the trial's instruments; there are {', '.join(sorted(params))}"
        yield from (f"totals.{name}: {t}" for t in _field(unit, IntakeTable.ASSESSMENT, name, FieldOf(Kind.NUMBER), field, spec, lists))
    if "item" in spec.fields:
        if spec.wide is not None:
            yield "give either wide (items side by side) or the field item (one item a row)"
        if "value" not in spec.fields:
            yield "the field value is not mapped"
        if spec.totals:
            yield "totals of a long table are rows whose item is the PARAMCD; `totals` belongs to wide tables"
        if "instrument" not in spec.fields and len(unit.instruments) != 1:
            yield "instrument is not mapped, and the trial has not exactly one"
        return
    if spec.wide is not None and spec.wide.item is None:
        yield "a wide questionnaire needs wide.item, such as LS{half}{item:02d}"
    if spec.wide is None and not spec.totals:
        yield "needs wide (items side by side), the field item (one item a row), or totals"
    if spec.wide is not None and spec.wide.item is not None:
        missing = template_groups(spec.wide.item) - set(re.compile(spec.wide.pattern).groupindex)
        if missing:
            yield f"wide.item uses {sorted(missing)}, which are no groups of wide.pattern"
    value = spec.fields.get("value")
    if value is not None:
        if value.from_ or value.const is not None:
            yield "value: the columns of a wide questionnaire are named by wide.pattern, not by from or const"
        if value.map is not None and "" in value.map:
            yield "value: a blank item is missing; it cannot be mapped"
        yield from (f"value: {t}" for t in _options(FieldOf(Kind.RATING), value))
        yield from (f"value: {t}" for t in _regex(value.pattern))
    instrument = spec.fields.get("instrument")
    if instrument is not None and instrument.const is None:
        yield "instrument of a wide questionnaire must be a constant"


def _field(unit: Unit, table: IntakeTable, name: str, of: FieldOf, spec: FieldSpec, where: TableSpec, lists: Codelists) -> Iterator[str]:
    """Problems of one field."""
    yield from _options(of, spec)
    yield from _regex(spec.pattern)
    if not spec.from_ and spec.const is None and name not in REQUIRED[table]:
        yield "says neither from nor const"
    how = reading(spec, where, unit.site.defaults)
    if spec.thousands is not None and spec.thousands == how.decimal:
        yield f"thousands and decimal are both {how.decimal!r}"
    if of.kind in (Kind.DATE, Kind.PARTIAL, Kind.INSTANT):
        yield from _dates(spec, how.pivot)
    if of.kind == Kind.SUDS and spec.scale is None:
        yield "its scale is not declared; say scale: 0-100, 1-100, 0-10 or 0-8"
    if of.kind in (Kind.DOSE, Kind.WEIGHT, Kind.AGE):
        yield from _unit(of.kind, spec, lists)
    yield from _codes(unit, of, spec, lists)


def _dates(spec: FieldSpec, pivot: int | None) -> Iterator[str]:
    try:
        made = formats(spec)
    except FormatError as error:
        yield str(error)
        return
    if pivot is None and any(f.has_short_year for f in made):
        yield "format with a two-digit year (%y) needs a pivot: years below it are 20xx, others 19xx"


def _unit(kind: Kind, spec: FieldSpec, lists: Codelists) -> Iterator[str]:
    quantity = QUANTITIES[kind]
    if isinstance(spec.unit, str) and lists.unit(quantity, spec.unit) is None:
        yield f"unit {spec.unit!r} is not known; known are {', '.join(sorted(lists.units[quantity]))}"
    if spec.unit is None and not spec.split_unit and kind != Kind.AGE:
        yield "its unit is not declared; say unit: mg, unit: {from: column}, or split_unit: true".replace(
            "mg", "kg" if kind == Kind.WEIGHT else "mg"
        )


def _codes(unit: Unit, of: FieldOf, spec: FieldSpec, lists: Codelists) -> Iterator[str]:
    """Constants and mapped values of a field with a list of words must be of that list."""
    if of.kind == Kind.BOOLEAN:
        allowed = lists.codes["boolean"]
    elif of.kind == Kind.WORD:
        allowed = words_of(of.words, lists, [i.name for i in unit.instruments])
    else:
        return
    for value in (spec.const, *(spec.map or {}).values()):
        if value is not None and const_text(value).lower() not in allowed:
            yield f"{value!r} is none of {', '.join(sorted(set(allowed.values())))}"


def _options(of: FieldOf, spec: FieldSpec) -> Iterator[str]:
    """Options that this kind of field would ignore."""
    for option in sorted(spec.model_fields_set - OPTIONS[of.kind]):
        if getattr(spec, option) not in (None, False, ()):
            yield f"{option} means nothing for a {of.kind}"


def _conditions(where: dict[str, Condition]) -> Iterator[str]:
    for name, test in where.items():
        yield from (f"where {name}: {t}" for t in _regex(test.matches))


@cache
def _readable(pattern: str) -> bool:
    try:
        duckdb.execute("select regexp_full_match('', $1), regexp_extract('', $2)", [pattern, f"^(?:{pattern})$"]).fetchall()
    except duckdb.Error:
        return False
    return True


def _regex(pattern: str | None) -> Iterator[str]:
    """Patterns are read by RE2: no look-ahead, no back-references."""
    if pattern is not None and not _readable(pattern):
        yield f"pattern {pattern!r} cannot be used: no look-ahead, look-behind or back-references"
