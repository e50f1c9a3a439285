"""Amounts as fields: doses, weights and ages with their unit, ratings of fear with their scale, codes that say that none was given.

What belongs here: from numbers to `unit`, `split_unit`, `scale`, `missing`. What does not: guessing; a unit that no name says is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flows.engine.mapping.shapes import FieldOf, Kind
from flows.newsite.asking import Open
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH
from flows.newsite.naming import tokens
from flows.newsite.read import Context, Read, Spec

#: Scales of fear ratings: name -> lowest, highest.
SCALES = {"0-100": (0, 100), "1-100": (1, 100), "0-10": (0, 10), "0-8": (0, 8)}
#: So many cells of the lowest value tell 0-100 from 1-100; fewer may be slips.
_ZEROS = 3
_QUANTITY = {Kind.DOSE: "mass", Kind.WEIGHT: "weight", Kind.AGE: "age"}
_SLASHED = re.compile(r"0\s*(?:-|–|to|bis)\s*(?:100|10|8)\b|1\s*(?:-|–|to|bis)\s*100\b")


def amount(of: FieldOf, column: Column, context: Context) -> Read:
    """A dose, a weight or an age, with its unit."""
    if column.units:
        return _with_units(of.kind, column, context)
    numbers = column.numbers
    if numbers.share < ENOUGH:
        return Read({}, "its cells are no numbers", 0.0)
    if of.kind == Kind.AGE and column.within(0, 130) < 0.9 * numbers.n:
        return Read({}, "its numbers are no ages", 0.0)
    spec = decimal_of(numbers.decimal, context)
    unit = unit_by_name(of.kind, column, context)
    shows = f"{numbers.point + numbers.comma + numbers.whole} of {numbers.n} cells are numbers"
    if of.kind == Kind.AGE:
        return Read({**spec, **({"unit": unit} if unit and context.lists.unit("age", unit).name != "years" else {})}, shows, 1.0)  # type: ignore[union-attr]
    spec["unit"] = unit or Open(f"{_choices(of.kind)}; neither the column's name nor a label says it")
    return Read(spec, shows + (f", the name says {unit}" if unit else ""), 1.0)


def _choices(kind: Kind) -> str:
    return "mg, g, ug, or {from: column}" if kind == Kind.DOSE else "kg, lb, g or st, or {from: column}"


def _with_units(kind: Kind, column: Column, context: Context) -> Read:
    known = {u: n for u, n in column.units.items() if context.lists.unit(_QUANTITY[kind], u) is not None}
    if 2 * sum(known.values()) < column.n_given:
        return Read({}, "its texts carry no unit of the right kind", 0.0)
    points = sum(n for t, n in column.given if re.search(r"\d\.\d", t))
    commas = sum(n for t, n in column.given if re.search(r"\d,\d", t))
    decimal = None if bool(points) == bool(commas) else "," if commas else "."
    shows = f"{sum(known.values())} of {column.n_given} cells carry their unit"
    return Read({**decimal_of(decimal, context), "split_unit": True}, shows, 1.0)


def decimal_of(decimal: str | None, context: Context) -> Spec:
    """`decimal:` where it is not the export's."""
    return {"decimal": decimal} if decimal is not None and decimal != context.decimal else {}


def unit_by_name(kind: Kind, column: Column, context: Context) -> str | None:
    """A unit that stands in the file's own word on the column, in its name or in its label; none where they say different ones."""
    told = [column.about.unit, *tokens(column.name)[1:], *tokens(column.about.label)[1:]]
    if kind == Kind.DOSE and tokens(column.name) == ("mg",):
        told.append("mg")
    found = {u.name: t for t in told if t and (u := context.lists.unit(_QUANTITY[kind], t)) is not None}
    return next(iter(found)) if len(found) == 1 else None


def fear(of: FieldOf, column: Column, context: Context) -> Read:
    """A rating of fear, with its scale."""
    numbers = column.numbers
    if numbers.share < ENOUGH:
        return Read({}, "its cells are no numbers", 0.0)
    codes = missing_codes([column])
    counts = [(float(t.replace(",", ".")), n) for t, n in column.given if re.fullmatch(r"\d+([.,]\d+)?", t)]
    total = sum(n for _, n in counts)
    fits = {name: sum(n for v, n in counts if low <= v <= high) for name, (low, high) in SCALES.items()}
    if not total or fits["0-100"] < 0.9 * total:
        return Read({}, "its numbers lie beyond every scale of fear", 0.0)
    spec = {"scale": scale_of([column]), **decimal_of(numbers.decimal, context)}
    if codes:
        spec["missing"] = sorted(codes)
    shows = f"{total} of {numbers.n} cells are numbers"
    below = f"; {', '.join(sorted(codes))} lies below every scale, so it says that none was given" if codes else ""
    return Read(spec, shows + below, 1.0)


def missing_codes(columns: Sequence[Column]) -> dict[str, int]:
    """Negative numbers among answers that cannot be negative -> cells, where they are met often enough to be a code and no slip."""
    found: dict[str, int] = {}
    for column in columns:
        for text, n in column.n_coded_missing.items():
            if text.startswith("-"):
                found[text] = found.get(text, 0) + n
    return {t: n for t, n in sorted(found.items()) if n >= 3}


def scale_of(columns: Sequence[Column]) -> Any:
    """The scale of ratings that were asked alike: as a label says it; 0-100 where cells exclude all others; else a person decides."""
    for column in columns:
        if m := _SLASHED.search(column.about.label):
            low, high = re.findall(r"\d+", m[0])
            return f"{low}-{high}"
    counts = [(float(t.replace(",", ".")), n) for c in columns for t, n in c.given if re.fullmatch(r"\d+([.,]\d+)?", t)]
    total = sum(n for _, n in counts)
    zeros, large = sum(n for v, n in counts if v == 0), sum(n for v, n in counts if v > 10)
    if large > 0.2 * total and zeros >= _ZEROS:
        return "0-100"
    fits = {name: sum(n for v, n in counts if low <= v <= high) for name, (low, high) in SCALES.items()}
    likely = [name for name, n in fits.items() if n >= 0.9 * total]
    told = ", ".join(f"{name} ({fits[name]} of {total} cells lie in it)" for name in likely)
    return Open(f"the scale that was asked: {told}")
