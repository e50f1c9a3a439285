"""Cells of wide questionnaires: millions of them, nearly all a single digit.

What belongs here: the fast way for plain digits and missing codes, the strict way for every other cell, and their faults.
What does not: the rows around the cells (assessment.py).

The fast way is a CASE a column over the texts that are legal as they are. A cell that is none of them becomes NaN, which marks
its row; only these cells are read strictly, from the texts that such a row keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from flows.engine.mapping.numbers import Number, number
from flows.engine.mapping.rows import Rows
from flows.engine.mapping.shapes import Kind, Reading, reading
from flows.engine.mapping.sqltext import Steps, first_of, lit, lits
from flows.engine.mapping.tables import Job
from flows.engine.mapping.text import Cell, Fix, Source, cell, raw_text, repair_of
from schemas.findings import Fault
from schemas.instrument import Instrument
from schemas.intake.base import STANDARD
from schemas.site import FieldSpec

ITEM_FAULT_COLUMNS = STANDARD | {
    "form_row_id": "BIGINT", "subject_id": "VARCHAR", "subject_id_raw": "VARCHAR", "instrument": "VARCHAR", "visit": "VARCHAR",
    "visit_raw": "VARCHAR", "assessed_on": "DATE", "item": "VARCHAR", "value_raw": "VARCHAR", "value_fault": "VARCHAR",
    "column_name": "VARCHAR",
}  # fmt: skip
#: With more legal values than this a regular expression is faster than a list of them.
_MANY = 16
_NAN = "'nan'::double"


def how_of(job: Job) -> tuple[FieldSpec, Reading]:
    """How the cells of a wide table are read: `fields.value`, which names no column."""
    spec = job.spec.fields.get("value") or FieldSpec()
    return spec, reading(spec, job.spec, job.first.unit.site.defaults)


def fast_cells(
    steps: Steps, instrument: Instrument, columns: Sequence[str], how: tuple[FieldSpec, Reading], key: str,
    fixes: Mapping[str, Sequence[Fix]],
) -> list[str]:  # fmt: skip
    """A step for each item of an administration: its value, NaN where the cell needs the strict way."""
    cells: list[str] = []
    blocks = [(code, block) for block in instrument.items for code in block.codes()]
    for (code, block), column in zip(blocks, columns, strict=True):
        if column == "null":
            cells.append(steps.add(f"cell_{len(cells)}", "cast(null as double)"))
            continue
        one = fast(column, block.minimum, block.maximum, block.not_assessed, *how)
        if fixes.get(code):
            one = f"case when {key} in ({lits(sorted({f.key for f in fixes[code]}))}) then {_NAN} else {one} end"
        cells.append(steps.add(f"cell_{len(cells)}", one))
    return cells


def hash_of(cells: Sequence[str], faulty: str) -> str:
    """Row hash of a form: its values, and the texts that could not be used. Hashing a list would take ten times as long."""
    return f"hash({', '.join([*cells, faulty])})"


def fast(column: str, low: float, high: float, none: Sequence[float], spec: FieldSpec, how: Reading) -> str:
    """One cell: texts that are legal as they are, blank, missing codes; NaN for anything else."""
    missing = [m for m in how.missing if m]
    legal: dict[str, str] = {}
    numbers = range(max(int(low), 0), int(high) + 1)
    many = len(numbers) > _MANY or spec.pattern is not None
    if spec.map is not None and spec.pattern is None:
        for text, value in spec.map.items():
            if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer() and low <= value <= high:
                legal[text] = "cast(null as double)" if float(value) in none else f"{float(value)!r}::double"
    elif not many:
        for n in numbers:
            if low <= n:
                legal[str(n)] = "cast(null as double)" if float(n) in none else f"{float(n)!r}::double"
    for sign in missing:
        if spec.map is None or sign not in spec.map:
            legal[sign] = "cast(null as double)"
    rest = f"case when {column} is null then null else {_NAN} end"
    if len(numbers) > _MANY and spec.pattern is None and spec.map is None:
        value = f"cast({column} as double)"
        whole = f"regexp_full_match({column}, '[0-9]{{1,6}}')"
        barred = f" and {value} not in ({', '.join(repr(float(x)) for x in none)})" if none else ""
        rest = (
            f"case when {column} is null then null when {whole}"
            f" then case when {value} between {float(low)!r} and {float(high)!r}{barred} then {value} else {_NAN} end else {_NAN} end"
        )
    whens = " ".join(f"when {lit(text)} then {result}" for text, result in legal.items())
    return f"case {column} {whens} else {rest} end" if whens else rest


def lookup(instruments: Sequence[Instrument]) -> str:
    """Item codes and totals: k_instrument, k_code, k_item_no, k_low, k_high, k_none, k_is_total."""
    rows = []
    for instrument in instruments:
        n = 0
        for block in instrument.items:
            for code in block.codes():
                n += 1
                none = ", ".join(repr(float(x)) for x in block.not_assessed)
                limits = f"{float(block.minimum)!r}::double, {float(block.maximum)!r}::double"
                rows.append(f"({lit(instrument.name)}, {lit(code.upper())}, {n}, {limits}, [{none}]::double[], false)")
        rows += [
            f"({lit(instrument.name)}, {lit(s.paramcd)}, null::integer, null::double, null::double, []::double[], true)"
            for s in instrument.scales
            if s.paramcd not in instrument.item_codes()  # a scale of one item of its own name is sent as that item
        ]
    names = "k_instrument, k_code, k_item_no, k_low, k_high, k_none, k_is_total"
    return f"select * from (values {', '.join(rows)}) k({names})"


def is_none(value: str) -> str:
    """Whether a value means `not assessed`."""
    return f"coalesce(list_contains(k_none, {value}), false)"


def fault_of(value: str, fault: str, is_item: str) -> str:
    """Faults of a rating: not whole, outside the item's range; values that mean `not assessed` are none."""
    return first_of(
        [
            (f"{fault} is not null", fault),
            (f"{value} is null or not {is_item} or {is_none(value)}", "null"),
            (f"{value} <> floor({value})", lit(Fault.UNREADABLE)),
            (f"{value} < k_low or {value} > k_high", lit(Fault.OUT_OF_SCALE)),
        ],
        "cast(null as varchar)",
    )


def read_slow_cells(
    con: duckdb.DuckDBPyConnection, job: Job, instrument: Instrument, how: tuple[FieldSpec, Reading], rows: Rows
) -> None:
    """Read the cells of marked forms strictly; put their values into mapped.form and their faults into mapped.item_fault."""
    con.execute(
        "create or replace temp table tw_marked as"
        " select unit, row_id as form_row_id, record_key, item_values, cells_to_read from mapped.form where cells_to_read is not null"
    )
    marked = con.execute("select count(*) from tw_marked").fetchone()
    if not marked or not marked[0]:
        return
    codes = instrument.item_codes()
    con.execute(f"create or replace temp table tw_cells as {_cells(job, instrument, codes, how, rows)}")
    values = [f"n.item_values[{n}]" for n in range(1, len(codes) + 1)]
    con.execute(
        f"""
        update mapped.form f
        set
            item_values = n.item_values, item_values_repair = n.repair, row_hash = {hash_of(values, "n.faulty")}, cells_to_read = null
        from (
            select
                m.form_row_id, c.repair, c.faulty,
                list_transform(m.item_values, lambda x, i: case when isnan(x) then c.cells[i] else x end) as item_values
            from tw_marked m join (
                select
                    form_row_id, map(list(item_no), list(value)) as cells, max(repair) as repair,
                    string_agg(case when fault is not null then item || '=' || raw end, '|' order by item_no) as faulty
                from tw_cells group by form_row_id
            ) c on c.form_row_id = m.form_row_id
        ) n
        where n.form_row_id = f.row_id
        """
    )
    con.execute(
        """
        insert into mapped.item_fault by name
        select
            f.unit, f.study, f.site, f.delivery_no, f.source_file, f.source_row,
            (select count(*) from mapped.item_fault) + row_number() over (order by c.form_row_id, c.item_no) as row_id,
            f.record_key || '|' || c.item as record_key, f.row_hash,
            f.row_id as form_row_id, f.subject_id, f.subject_id_raw, f.instrument, f.visit, f.visit_raw,
            f.assessed_on, c.item, c.raw as value_raw, c.fault as value_fault, c.column_name
        from tw_cells c join mapped.form f on f.row_id = c.form_row_id
        where c.fault is not null
        order by c.form_row_id, c.item_no
        """
    )
    con.execute(
        "insert into raw.fix_hit"
        " select distinct unit, 'assessment', record_key, item, raw from tw_cells where repair = 'corrected'"
    )
    con.execute("drop table tw_cells; drop table tw_marked")


def _cells(job: Job, instrument: Instrument, codes: Sequence[str], how: tuple[FieldSpec, Reading], rows: Rows) -> str:
    """Every marked cell of the marked forms, typed."""
    spec, read = how
    slots = rows.slots
    names = {code: rows.header[place] for _, row in (slots.rows if slots else ()) for code, place in row.items()}
    columns_of = ", ".join(f"({n}, {lit(code)}, {lit(names.get(code, ''))})" for n, code in enumerate(codes, start=1))
    base = (
        "select unit, record_key, form_row_id, unnest(cells_to_read) as txt, unnest(item_values) as read_value,"
        f" unnest(range(1, {len(codes) + 1})) as item_no from tw_marked"
    )
    source = (
        f"select u.unit, u.record_key, u.form_row_id, u.item_no, i.item, i.column_name, u.txt, k.*"
        f" from (select * from ({base}) where isnan(read_value)) u"
        f" join (values {columns_of}) i(item_no, item, column_name) on i.item_no = u.item_no"
        f" join ({lookup([instrument])}) k on k.k_code = upper(i.item) and not k.k_is_total"
    )
    steps = Steps()
    from_text = FieldSpec.model_validate({"from": "txt", "map": spec.map, "pattern": spec.pattern})
    raw = raw_text(steps, "cell", from_text, _resolve)
    fixes = [(code, fix) for code in codes for fix in job.fixes.get(code, ())]
    use = None
    if fixes:
        cases = " ".join(
            f"when unit = {int(f.unit_no)} and item = {lit(c)} and record_key = {lit(f.key)} and coalesce({raw}, '') = {lit(f.as_sent)}"
            f" then {lit(f.use)}" for c, f in fixes
        )  # fmt: skip
        use = steps.add("cell__use", f"case {cases} end")
    own: Cell = cell(steps, "cell", Kind.RATING, from_text, read, _resolve, raw, use)
    value = number(steps, "cell", own.text, Number(read.decimal, spec.thousands))
    unreadable = f"case when {own.text} is not null and {value} is null then {lit(Fault.UNREADABLE)} end"
    early = steps.add("cell__early", first_of([*own.faults, ("true", unreadable)]))
    fault = steps.add("cell__fault", fault_of(value, early, "true"))
    good = steps.add("cell__value", f"case when {fault} is null and not {is_none(value)} then {value} end")
    repair = steps.add("cell__repair", repair_of(own, [], good))
    return (
        f"select unit, record_key, form_row_id, item_no, item, column_name, {raw} as raw, {good} as value, {fault} as fault,"
        f" {repair} as repair from ({steps.sql(source, (raw, good, fault, repair))})"
    )


def _resolve(name: str) -> Source:
    return Source(name)
