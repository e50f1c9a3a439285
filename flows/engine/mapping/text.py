"""From a field's source columns to the one text that is typed: joined, trimmed, corrected, missing codes out, mapped.

What belongs here: everything that happens to text before it is a number or a date. What does not: types (fields.py).

Order: columns are joined -> a correction replaces the text -> missing codes -> pattern -> value map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.engine.mapping.shapes import Kind, Reading
from flows.engine.mapping.sqltext import Steps, clean, clean_ends, clean_plain, clean_plain_ends, lit, lits, plain, switch
from schemas.findings import Fault, Repair
from schemas.site import FieldSpec


@dataclass(frozen=True)
class Source:
    """A column that fields can use: its SQL, and the SQL that says its value is not certain (two matches of a join)."""

    sql: str
    ambiguous: str | None = None


@dataclass(frozen=True)
class Fix:
    """One correction: in this unit, for this record, the text as sent -> the text to use."""

    unit_no: int
    key: str
    as_sent: str
    use: str


@dataclass(frozen=True)
class Cell:
    """Names of steps (or SQL) of one field on its way: text as sent, text to type, what is already wrong or repaired."""

    raw: str
    text: str
    faults: tuple[tuple[str, str], ...]
    odd_blank: str
    corrected: str | None = None


Resolve = Callable[[str], Source]


def const_text(value: str | bool | int | float) -> str:
    """A constant or mapped value of the YAML as text: true, 3, 0.5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) and not value.is_integer() else str(int(value) if isinstance(value, float) else value)


def raw_text(steps: Steps, field: str, spec: FieldSpec, resolve: Resolve) -> str:
    """Step `<field>__raw`: the text as sent, columns joined by one space; null when blank."""
    if spec.const is not None:
        return steps.add(f"{field}__raw", f"nullif({lit(const_text(spec.const))}, '')")
    sources = [resolve(name).sql for name in spec.from_]
    if len(sources) == 1:
        return steps.add(f"{field}__raw", plain(sources[0]))
    return steps.add(f"{field}__raw", f"nullif(concat_ws(' ', {', '.join(plain(s) for s in sources)}), '')")


def corrected_text(steps: Steps, field: str, raw: str, key: str, fixes: Sequence[Fix]) -> str | None:
    """Step `<field>__use`: the text of a correction that fits, null where none does. None: the field has no correction."""
    if not fixes:
        return None
    cases = " ".join(
        f"when unit = {int(f.unit_no)} and {key} = {lit(f.key)} and coalesce({raw}, '') = {lit(f.as_sent)} then {lit(f.use)}"
        for f in fixes
    )
    return steps.add(f"{field}__use", f"case {cases} end")


def cell(
    steps: Steps, field: str, kind: Kind, spec: FieldSpec, how: Reading, resolve: Resolve, raw: str, use: str | None = None
) -> Cell:
    """The text of a field after everything but typing. A pattern that does not fit: unreadable; not in the map: unknown_code."""
    tidy = clean_ends if kind == Kind.TEXT else clean
    missing = [m for m in how.missing if m != ""]
    codes = {} if spec.map is None else {k: v for k, v in spec.map.items() if k != ""}
    # a code that the field's own map names is no missing code
    missing = [m for m in missing if m not in codes] if spec.pattern is None else missing
    faults: list[tuple[str, str]] = []
    if spec.const is not None:
        norm, text = raw, raw
    else:
        sources = [resolve(name) for name in spec.from_]
        faults += [(s.ambiguous, lit(Fault.AMBIGUOUS_JOIN)) for s in sources if s.ambiguous is not None]
        if len(sources) == 1:
            tidy_plain = clean_plain_ends if kind == Kind.TEXT else clean_plain
            norm = steps.add(f"{field}__norm", tidy_plain(f"{field}__raw"))
            text = norm
        else:
            parts = [steps.add(f"{field}__part{i}", tidy(s.sql)) for i, s in enumerate(sources)]
            norm = steps.add(f"{field}__norm", f"nullif(concat_ws(' ', {', '.join(parts)}), '')")
            left = [without(p, missing) for p in parts]
            text = steps.add(f"{field}__left", f"nullif(concat_ws(' ', {', '.join(left)}), '')") if missing else norm
    if use is not None:
        text = steps.add(f"{field}__fixed", f"case when {use} is not null then {tidy(use)} else {text} end")
    if missing:
        text = steps.add(f"{field}__given", without(text, missing))
    if spec.pattern is not None:
        group = _group(spec.pattern, kind)
        found = f"nullif(regexp_extract({text}, {lit('^(?:' + spec.pattern + ')$')}, {group}), '')"
        before, text = text, steps.add(f"{field}__found", found)
        faults.append((f"{before} is not null and {text} is null", lit(Fault.UNREADABLE)))
    if spec.map is not None:
        text = _mapped(steps, field, text, spec.map, how.decimal, faults)
    odd = f"coalesce({raw} <> coalesce({norm}, ''), false)" if spec.const is None else "false"
    return Cell(raw, text, tuple(faults), odd, use)


def without(text: str, missing: Sequence[str]) -> str:
    """Null where the text is one of the missing codes."""
    return f"case when {text} in ({lits(missing)}) then null else {text} end" if missing else text


def _group(pattern: str, kind: Kind) -> int:
    groups = re.compile(pattern).groupindex
    first, second = ("id", "value") if kind == Kind.ID else ("value", "id")
    return groups.get(first) or groups[second]


def _mapped(
    steps: Steps, field: str, text: str, codes: dict[str, str | bool | int | float | None], decimal: str, faults: list[tuple[str, str]]
) -> str:
    """Text as sent -> value as text: exact, then without regard to case where that is not ambiguous."""
    results = {key: "null" if value is None else lit(_in_words_of(value, decimal)) for key, value in codes.items()}
    folded: dict[str, set[str]] = {}
    for key, result in results.items():
        folded.setdefault(key.lower(), set()).add(result)
    loose = {key: next(iter(found)) for key, found in folded.items() if len(found) == 1 and key != ""}
    exact = {key: result for key, result in results.items() if key != ""}
    blank = results.get("")
    value = switch(text, exact, switch(f"lower({text})", loose, "null"))
    if blank is not None:
        value = f"case when {text} is null then {blank} else {value} end"
    known = f"{text} in ({lits(exact)}) or lower({text}) in ({lits(loose)})" if exact else "false"
    faults.append((f"{text} is not null and not ({known})", lit(Fault.UNKNOWN_CODE)))
    return steps.add(f"{field}__mapped", value)


def _in_words_of(value: str | bool | int | float, decimal: str) -> str:
    text = const_text(value)
    return text.replace(".", decimal) if isinstance(value, float) else text


def repair_of(cell_: Cell, others: Sequence[str], value: str) -> str:
    """A field's repair: a correction first, then what its kind repaired, then blanks that looked like none."""
    corrected = f"when {cell_.corrected} is not null then {lit(Repair.CORRECTED)} " if cell_.corrected else ""
    kinds = ", ".join([*others, f"case when {cell_.odd_blank} then {lit(Repair.SPACE_REMOVED)} end"])
    return f"case {corrected}when {value} is not null then coalesce({kinds}, null) end"
