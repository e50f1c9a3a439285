"""One field of an intake table: from its cell to value, fault and repair.

What belongs here: what each kind of field accepts. What does not: joining and mapping text (text.py), rows (rows.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.engine.mapping import dates, numbers
from flows.engine.mapping.codelists import Codelists
from flows.engine.mapping.dateformat import DateFormat, compile_format
from flows.engine.mapping.shapes import FieldOf, Kind, Reading
from flows.engine.mapping.sqltext import Steps, clean, first_of, lit, plain, switch
from flows.engine.mapping.text import Cell, Fix, Resolve, cell, corrected_text, raw_text, repair_of, without
from schemas.findings import Fault, Repair
from schemas.site import Column, FieldSpec, SudsScale

#: Declared scale -> (lowest, highest, SQL that makes it 0-100).
SCALES: dict[SudsScale, tuple[float, float, str]] = {
    SudsScale.S0_100: (0, 100, "{x}"),
    SudsScale.S1_100: (1, 100, "round(({x} - 1) * 100.0::double / 99, 9)"),
    SudsScale.S0_10: (0, 10, "{x} * 10"),
    SudsScale.S0_8: (0, 8, "{x} * 12.5::double"),
}


@dataclass(frozen=True)
class Typed:
    """A field's finished steps. `value` of an instant is its wall clock; `on`, `part` and `offset_s` go beside it."""

    raw: str
    value: str
    fault: str
    repair: str
    on: str = ""
    offset_s: str = ""
    part: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything one field is compiled from."""

    name: str
    of: FieldOf
    spec: FieldSpec
    how: Reading
    lists: Codelists
    words: dict[str, str]
    fixes: tuple[Fix, ...] = ()

    @property
    def number(self) -> numbers.Number:
        """How its numbers are written."""
        return numbers.Number(self.how.decimal, self.spec.thousands)


def raw_step(steps: Steps, plan: Plan, resolve: Resolve) -> str:
    """The text as sent. A dose is shown with the unit or strength that stands in another column."""
    raw = raw_text(steps, plan.name, plan.spec, resolve)
    more: list[str] = []
    if plan.spec.times is not None:
        more += [lit("x"), plain(resolve(plan.spec.times).sql)]
    if isinstance(plan.spec.unit, Column):
        more.append(plain(resolve(plan.spec.unit.from_).sql))
    if not more:
        return raw
    return steps.add(f"{plan.name}__sent", f"case when {raw} is not null then concat_ws(' ', {raw}, {', '.join(more)}) end")


def typed(steps: Steps, plan: Plan, resolve: Resolve, raw: str, key: str) -> Typed:
    """Compile one field after its raw step; `key` is the step of the record key, for corrections."""
    use = corrected_text(steps, plan.name, raw, key, plan.fixes)
    is_amount = plan.of.kind in (Kind.DOSE, Kind.WEIGHT, Kind.AGE)
    own = cell(steps, plan.name, plan.of.kind, plan.spec, plan.how, resolve, f"{plan.name}__raw", None if is_amount else use)
    if plan.of.kind == Kind.INSTANT:
        return _instant(steps, plan, own)
    value, fault, repairs = _amount(steps, plan, own, resolve, use) if is_amount else _KINDS[plan.of.kind](steps, plan, own.text)
    if is_amount and use is not None:
        own = Cell(own.raw, f"coalesce({use}, {own.text})", own.faults, own.odd_blank, use)
    fault = _fault(steps, plan.name, own, fault)
    value = steps.add(f"{plan.name}__value", f"case when {fault} is null then {value} end")
    repair = steps.add(f"{plan.name}__repair", repair_of(own, repairs, value))
    return Typed(raw, value, fault, repair)


def _fault(steps: Steps, name: str, own: Cell, fault: str) -> str:
    """What was wrong before typing comes first; a corrected or missing text has no fault of its own."""
    cases = [*own.faults, (f"{own.text} is not null", fault)]
    return steps.add(f"{name}__fault", first_of(cases, "cast(null as varchar)"))


def _instant(steps: Steps, plan: Plan, own: Cell) -> Typed:
    made = formats(plan.spec)
    when = dates.instant(steps, plan.name, own.text, made, plan.how.pivot, str(plan.how.clock))
    late = steps.add(f"{plan.name}__late", f"case when {when.fault} = {lit(Fault.UNREADABLE)} then {own.text} end")
    some, _, _ = dates.partial(steps, f"{plan.name}__some", late, made, plan.how.pivot)
    known = steps.add(f"{plan.name}__known", f"case when strlen({some}) between 5 and 9 then {some} end")  # four digits may be a clock time
    late_fault = f"case when {known} is not null then {lit(Fault.PARTIAL_DATE)} else {when.fault} end"
    fault = _fault(steps, plan.name, own, late_fault)
    value = steps.add(f"{plan.name}__value", f"case when {fault} is null then {when.local} end")
    part = steps.add(f"{plan.name}__part", f"case when {fault} = {lit(Fault.PARTIAL_DATE)} then {known} end")
    on = steps.add(f"{plan.name}__day", f"case when {fault} is null then {when.on} end")
    offset = steps.add(f"{plan.name}__east", f"case when {fault} is null and {when.local} is not null then {when.offset_s} end")
    repair = steps.add(f"{plan.name}__repair", repair_of(own, [when.repair], on))
    return Typed(own.raw, value, fault, repair, on, offset, part)


def formats(spec: FieldSpec) -> list[DateFormat]:
    """The declared formats, compiled. Raises FormatError."""
    return [compile_format(f, partial=spec.partial) for f in spec.format]


Made = tuple[str, str, Sequence[str]]


def _id(steps: Steps, plan: Plan, text: str) -> Made:
    is_decimal = f"regexp_full_match({text}, '[0-9]+[.]0+')"
    whole = steps.add(f"{plan.name}__whole", f"case when {is_decimal} then regexp_extract({text}, '^[0-9]+') else {text} end")
    repairs = (f"case when {is_decimal} then {lit(Repair.ID_DECIMAL)} end",)
    if plan.spec.pad is None:
        return whole, "null", repairs
    short = f"strlen({whole}) < {plan.spec.pad} and regexp_full_match({whole}, '[0-9]+')"
    padded = f"case when {short} then lpad({whole}, {plan.spec.pad}, '0') else {whole} end"
    return padded, "null", (*repairs, f"case when {short} then {lit(Repair.ID_PADDED)} end")


def _text(steps: Steps, plan: Plan, text: str) -> Made:
    return text, "null", ()


def _integer(steps: Steps, plan: Plan, text: str) -> Made:
    return *numbers.integer(steps, plan.name, text, plan.number), ()


def _number(steps: Steps, plan: Plan, text: str) -> Made:
    value = numbers.number(steps, plan.name, text, plan.number)
    return value, numbers.unless(f"{value} is not null", Fault.UNREADABLE), ()


def _boolean(steps: Steps, plan: Plan, text: str) -> Made:
    codes = plan.lists.codes["boolean"]
    value = steps.add(f"{plan.name}__bool", switch(f"lower({text})", codes, "cast(null as boolean)"))
    return value, numbers.unless(f"{value} is not null", Fault.UNKNOWN_CODE), ()


def _word(steps: Steps, plan: Plan, text: str) -> Made:
    codes = {k: lit(v) for k, v in plan.words.items()}
    value = steps.add(f"{plan.name}__word", switch(f"lower({text})", codes, "cast(null as varchar)"))
    return value, numbers.unless(f"{value} is not null", Fault.UNKNOWN_CODE), ()


def _date(steps: Steps, plan: Plan, text: str) -> Made:
    when = dates.instant(steps, plan.name, text, formats(plan.spec), plan.how.pivot, "site")
    return when.on, when.fault, (when.repair,)


def _partial(steps: Steps, plan: Plan, text: str) -> Made:
    if plan.spec.partial:
        value, fault, repair = dates.partial(steps, plan.name, text, formats(plan.spec), plan.how.pivot)
        return value, fault, (repair,)
    day, fault, repairs = _date(steps, plan, text)
    return f"strftime({day}, '%Y-%m-%d')", fault, repairs


def _suds(steps: Steps, plan: Plan, text: str) -> Made:
    low, high, formula = SCALES[plan.spec.scale or SudsScale.S0_100]
    value = numbers.number(steps, plan.name, text, plan.number)
    fault = (
        f"case when {value} is null then {lit(Fault.UNREADABLE)}"
        f" when {value} < {low} or {value} > {high} then {lit(Fault.OUT_OF_SCALE)} end"
    )
    return formula.format(x=value), fault, ()


def _item(steps: Steps, plan: Plan, text: str) -> Made:
    return f"upper({text})", "null", ()


_KINDS: dict[Kind, Callable[[Steps, Plan, str], Made]] = {
    Kind.ID: _id,
    Kind.CODE_TEXT: _id,
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.RATING: _number,
    Kind.BOOLEAN: _boolean,
    Kind.WORD: _word,
    Kind.DATE: _date,
    Kind.PARTIAL: _partial,
    Kind.SUDS: _suds,
    Kind.ITEM: _item,
}

_QUANTITY = {Kind.DOSE: "mass", Kind.WEIGHT: "weight", Kind.AGE: "age"}


def _amount(steps: Steps, plan: Plan, own: Cell, resolve: Resolve, use: str | None) -> Made:
    """Doses, weights and ages: number and unit, in one text or in several columns."""
    spec, name = plan.spec, plan.name
    text = own.text
    if spec.times is not None:
        strength = steps.add(f"{name}__strength", _side(resolve, spec.times, plan.how))
        both = f"{text} is not null and {strength} is not null"
        text = steps.add(f"{name}__product", f"case when {both} then {text} || ' x ' || {strength} end")
    if use is not None:
        text = steps.add(f"{name}__amended", f"coalesce({use}, {text})")
    unit_column = steps.add(f"{name}__unit", _side(resolve, spec.unit.from_, plan.how)) if isinstance(spec.unit, Column) else None
    fixed = spec.unit if isinstance(spec.unit, str) else None
    if fixed is None and unit_column is None and not spec.split_unit and plan.of.kind == Kind.AGE:
        fixed = "years"
    unit = numbers.Amount(
        plan.lists.units[_QUANTITY[plan.of.kind]], plan.number, spec.split_unit, fixed, unit_column, spec.times is not None
    )
    value, fault = numbers.amount(steps, name, text, unit, use)
    sides = [resolve(s).ambiguous for s in (spec.times, spec.unit.from_ if isinstance(spec.unit, Column) else None) if s is not None]
    cases = [(s, lit(Fault.AMBIGUOUS_JOIN)) for s in sides if s is not None]
    return value, first_of([*cases, (f"{text} is not null", fault)]), ()


def _side(resolve: Resolve, column: str, how: Reading) -> str:
    """A unit or a strength that stands in another column."""
    return without(clean(resolve(column).sql), [m for m in how.missing if m])


def words_of(plan_words: str, lists: Codelists, instruments: Sequence[str]) -> dict[str, str]:
    """Text in lower case -> code, for fields whose value is one of a list."""
    if plan_words == "sex":
        return lists.sex | {v.lower(): v for v in lists.sex.values()}
    if plan_words == "instrument":
        return {name.lower(): name for name in instruments}
    return lists.codes.get(plan_words, {}) if plan_words else {}
