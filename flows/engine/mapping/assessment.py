"""Questionnaires: wide forms, items one a row, and totals as the site reports them.

What belongs here: mapped.form and mapped.item. What does not: the cells of a wide form (items.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from flows.engine.mapping import blank_forms, items
from flows.engine.mapping.fields import Plan, Typed, raw_step, typed
from flows.engine.mapping.rows import Rows
from flows.engine.mapping.shapes import FieldOf, Kind, reading
from flows.engine.mapping.sqltext import Steps, first_of, is_filled, lit
from flows.engine.mapping.tables import MAX_MELT, Job, columns_of, compile_fields, insert, row_hash, standard
from schemas.findings import ConfigurationError, Fault
from schemas.instrument import Instrument
from schemas.intake import CONTRACTS
from schemas.site import FieldSpec

_KEY = ("subject_id", "instrument", "visit", "assessed_on")
#: A column of mapped.form while it is filled: the texts of a form whose cells need the strict way. Dropped at the end.
SLOW, SLOW_TYPE = "cells_to_read", "VARCHAR[]"


def map_assessment(con: duckdb.DuckDBPyConnection, job: Job, beside: Sequence[Job]) -> None:
    """Map one questionnaire table, wide or long. `beside`: the other jobs of the batch."""
    if "item" in job.spec.fields:
        _map_long(con, job)
    else:
        _map_wide(con, job, beside)


def _with_instrument(job: Job, name: str) -> Job:
    """The same job with its instrument said as a constant."""
    fields = {**job.spec.fields, "instrument": FieldSpec(const=name)}
    return replace(job, spec=job.spec.model_copy(update={"fields": fields}))


def _map_wide(con: duckdb.DuckDBPyConnection, job: Job, beside: Sequence[Job]) -> None:
    rows = job.open_rows()
    instrument = _instrument_of(job, rows)
    codes = instrument.item_codes()
    job.instrument, job.item_codes = instrument.name, tuple(instrument.scored_codes())
    job = _with_instrument(job, instrument.name)
    columns = _cell_columns(rows, codes)
    steps = Steps()
    made, key = compile_fields(job, rows, steps, _KEY, _KEY)
    totals = _totals(job, rows, steps, key)
    how = items.how_of(job)
    cells = items.fast_cells(steps, instrument, columns, how, key, job.fixes)
    steps.add("form__cells", f"cast([{', '.join(cells)}] as double[])")
    sent = [*(c for c in columns if c != "null"), *(t.raw for t in totals.values())]
    steps.add("form__top", f"greatest({', '.join(cells)})" if cells else "cast(null as double)")
    steps.add("form__slow", "coalesce(isnan(form__top), false)")
    blank = blank_forms.is_one(job, rows, beside, made.get("assessed_on"))
    some = is_filled(sent) + (f" or ({blank})" if blank else "")
    filled = steps.add("form__filled", f"case when form__top is not null and not form__slow then true else {some} end")
    values: dict[str, str] = {}
    for name, field in made.items():
        values |= columns_of("assessment", name, field)
    texts = [f"cast({column} as varchar)" for column in columns]
    form = values | {"item_values": "form__cells", SLOW: f"case when form__slow then [{', '.join(texts)}] end"}
    form |= standard(job.spec_no, key, items.hash_of(cells, "cast(null as varchar)"))
    order = "" if rows.is_ordered else " order by row_id"
    source = steps.sql(rows.sql(), [*form.values(), filled])
    # pushed down to the file, the filter would compute every cell once more
    con.execute("set disabled_optimizers = 'filter_pushdown'")
    try:
        wanted = CONTRACTS["form"].mapped_columns() | {SLOW: SLOW_TYPE}
        insert(con, "form", wanted, form, f"select * from ({source}) where {filled}", order)
    finally:
        con.execute("set disabled_optimizers = ''")
    items.read_slow_cells(con, job, instrument, how, rows)
    if totals:
        # a row with a total is filled; its cells are looked at only where its totals are nothing but odd blanks
        raws = [t.raw for t in totals.values()]
        kept = f"case when {is_filled(raws)} then true when coalesce({', '.join(raws)}) is null then false else {is_filled(sent)} end"
        used = [*values.values(), key, *sent, *(step for t in totals.values() for step in (t.raw, t.value, t.fault, t.repair))]
        source = steps.sql(rows.sql(), used)
        _insert_totals(con, job, values, totals, f"select * from ({source}) where {kept}", key, order)


def _instrument_of(job: Job, rows: Rows) -> Instrument:
    """The instrument of a wide table: said, or the only one all of whose item codes are hit."""
    known = {i.name: i for i in job.first.unit.instruments}
    spec = job.spec.fields.get("instrument")
    codes = rows.slots.names if rows.slots else tuple(job.spec.totals)
    if spec is not None:
        name = {n.lower(): n for n in known}.get(str(spec.const).lower()) if spec.const is not None else None
        if name is None:
            raise ConfigurationError(f"{job.label}: fields.instrument of a wide table must be a constant, one of {sorted(known)}")
        found = [known[name]]
    elif not rows.header:
        found = [*known.values()][:1]  # without a record none is of any instrument
    elif rows.slots is None:
        found = [i for i in known.values() if {s.paramcd for s in i.scales} >= set(codes)]
    else:
        found = [i for i in known.values() if set(i.item_codes()) >= set(codes)]
    if len(found) == 1 and rows.slots is not None:
        unknown = [c for c in codes if c not in found[0].item_codes()]
        if unknown:
            raise _unknown_item(job, rows, unknown[0], found[0])
    if not found and rows.slots is not None:
        best = max(known.values(), key=lambda i: len(set(i.item_codes()) & set(codes)), default=None)
        if best is not None:
            raise _unknown_item(job, rows, next(c for c in codes if c not in best.item_codes()), best)
    if len(found) != 1:
        raise ConfigurationError(f"{job.label}: its instrument is not certain; say `instrument: {{const: ...}}`, one of {sorted(known)}")
    return found[0]


def _unknown_item(job: Job, rows: Rows, code: str, instrument: Instrument) -> ConfigurationError:
    column = next((rows.header[row[code]] for _, row in rows.slots.rows if code in row), "?") if rows.slots else "?"
    return ConfigurationError(
        f"{job.label}: column {column!r} of {rows.file_name} gives item {code!r}, which {instrument.name} has not\n"
        f"  items -> {', '.join(instrument.item_codes()[:6])} ...\n  fix   -> correct wide.pattern or wide.item"
    )


def _cell_columns(rows: Rows, codes: list[str]) -> list[str]:
    """SQL of each item's text, in the instrument's order; `null` where the file has no column for it."""
    if rows.slots is None:
        return ["null"] * len(codes)
    if rows.slots.melts:
        return [rows.slots.cells()[rows.slots.names.index(c)] if c in rows.slots.names else "null" for c in codes]
    places = rows.slots.rows[0][1]
    return [rows.cell_column(places[c]) if c in places else "null" for c in codes]


def _totals(job: Job, rows: Rows, steps: Steps, key: str) -> dict[str, Typed]:
    """Reported totals of a wide row, each typed under a key of its own."""
    out = {}
    for n, (paramcd, spec) in enumerate(job.spec.totals.items()):
        how = reading(spec, job.spec, job.first.unit.site.defaults)
        plan = Plan(f"total{n}", FieldOf(Kind.NUMBER), spec, how, job.lists, {}, tuple(job.fixes.get("value", ())))
        raw = raw_step(steps, plan, rows.resolve)
        own_key = steps.add(f"total{n}__key", f"{key} || {lit('|' + paramcd)}")
        out[paramcd] = typed(steps, plan, rows.resolve, raw, own_key)
    return out


def _insert_totals(
    con: duckdb.DuckDBPyConnection, job: Job, values: dict[str, str], totals: dict[str, Typed], source: str, key: str,
    order: str,
) -> None:  # fmt: skip
    """One row of mapped.item for each total that is not blank."""
    structs = ", ".join(
        f"{{'n': {n}, 'code': {lit(paramcd)}, 'raw': {t.raw}, 'value': {t.value}, 'fault': {t.fault}, 'repair': {t.repair}}}"
        for n, (paramcd, t) in enumerate(totals.items())
    )
    each = f"unnest([{structs}])" if len(totals) > 1 else structs
    unnested = f"select * from (select *, {each} as t from ({source})) where t.raw is not null"
    out = values | {
        "item": "t.code", "item_raw": "t.code", "is_total": "true", "counts": "false",
        "value": "t.value", "value_raw": "t.raw", "value_fault": "t.fault", "value_repair": "t.repair",
    }  # fmt: skip
    hashed = row_hash([("t.value", "t.raw", "t.fault")])
    melt = f"(melt * {len(totals)} + t.n)"
    if len(totals) > MAX_MELT // 8:
        raise ConfigurationError(f"{job.label}: too many totals")
    out |= standard(job.spec_no, f"{key} || '|' || t.code", hashed, melt)
    insert(con, "item", CONTRACTS["item"].mapped_columns(), out, unnested, order)


def _map_long(con: duckdb.DuckDBPyConnection, job: Job) -> None:
    """One item, or one total, a source row."""
    instruments, rows, steps = job.first.unit.instruments, job.open_rows(), Steps()
    if "instrument" not in job.spec.fields and len(instruments) == 1:
        job = _with_instrument(job, instruments[0].name)
    made, key = compile_fields(job, rows, steps, (*_KEY, "item", "value"), (*_KEY, "item"))
    values: dict[str, str] = {}
    for name, field in made.items():
        values |= columns_of("assessment", name, field)
    item, value = made["item"], made["value"]
    used = [*values.values(), *(part for t in (item, value) for part in (t.raw, t.value, t.fault, t.repair)), key]
    source = (
        f"select s.*, k.* from ({steps.sql(rows.sql(), used)}) s left join ({items.lookup(instruments)}) k"
        f" on k.k_code = {item.value} and k.k_instrument = {made['instrument'].value}"
    )
    last = Steps()
    unknown = f"{item.value} is not null and {made['instrument'].value} is not null and k_code is null"
    last.add("item_f", first_of([(f"{item.fault} is not null", item.fault), (unknown, lit(Fault.UNKNOWN_CODE))]))
    last.add("value_f", items.fault_of(value.value, value.fault, "not k_is_total"))
    last.add("item_v", f"case when item_f is null then {item.value} end")
    last.add("value_v", f"case when value_f is null and not {items.is_none(value.value)} then {value.value} end")
    values |= {
        "item": "item_v", "item_fault": "item_f", "value": "value_v", "value_fault": "value_f",
        "item_no": "k_item_no", "is_total": "coalesce(k_is_total, false)", "counts": "true",
    }  # fmt: skip
    values |= standard(job.spec_no, key, row_hash([("value_v", value.raw, "value_f")]))
    insert(con, "item", CONTRACTS["item"].mapped_columns(), values, last.sql(source, values.values()), " order by row_id")
