"""How one field is read from its column: format, unit, codes, missing codes, with the cells that speak for it; open where none do.

What belongs here: which kind is read how, and plain texts, codes and whole numbers. What does not: days (days.py), words (words.py),
amounts (amounts.py), which column it is (tables.py), identifiers (identity.py), questionnaires (questionnaires.py).

Nothing here looks at a name to settle what a value means, except where the name itself says it: dose_mg, Weight (lb).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.engine.mapping.shapes import FIELDS, FieldOf, Kind
from flows.newsite import amounts, days, words
from flows.newsite.asking import Open, Said, percent
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH
from flows.newsite.families import literal
from flows.newsite.read import Context, Read, Spec


def read_as(table: str, field: str, column: Column, context: Context) -> Read:
    """A column as a field. `fits` 0: its cells are something else."""
    of = FIELDS[table][field]
    if not column.n_given and not (column.about.labels and of.kind in (Kind.BOOLEAN, Kind.WORD, Kind.TEXT)):
        return Read(_blank_spec(of, column, context), "no cell is filled, so only its name speaks for it", 0.7)
    return _KINDS[of.kind](of, column, context)


def said(column: Column | Sequence[Column], read: Read, why: str, sure: float) -> Said:
    """The line of a field: short where nothing but the column need be said."""
    columns = [column] if isinstance(column, Column) else list(column)
    names = [c.name for c in columns]
    spec = {"from": names[0] if len(names) == 1 else names, **read.spec}
    told = "; ".join(part for part in (why, read.shows) if part)
    return Said(spec["from"] if len(spec) == 1 and len(names) == 1 else spec, told, percent(sure * (0.5 + read.fits / 2)))


def _blank_spec(of: FieldOf, column: Column, context: Context) -> Spec:
    """What must be said of a field although no cell shows it."""
    if of.kind == Kind.SUDS:
        return {"scale": Open(f"one of {', '.join(amounts.SCALES)}; no cell is filled")}
    if of.kind in (Kind.WEIGHT, Kind.DOSE):
        return {"unit": amounts.unit_by_name(of.kind, column, context) or Open("the unit; no cell is filled")}
    return {"partial": True} if of.kind == Kind.PARTIAL else {}


def _text(of: FieldOf, column: Column, context: Context) -> Read:
    numbers, dates = column.numbers.share, column.dates.share
    if dates > ENOUGH:
        return Read({}, "its cells are dates", 0.0)
    if numbers < 0.5 and not (column.about.labels and not column.n_given):
        return Read({}, "text", 1.0)
    labels = dict(column.labelled())
    codes = column.codes() or ([(c, 0) for c in labels] if not column.n_given else [])
    if not codes:
        return Read({}, "its cells are numbers", 0.0)
    codes += [(c, 0) for c in labels if c not in dict(codes)]
    made = {c: labels.get(c) or Open(f"what the code means; {n} cells") for c, n in codes}
    told = "labels in the file" if all(c in labels for c, _ in codes) else f"nothing explains its {len(codes)} codes"
    return Read({"map": made}, told, 0.9)


def _code(of: FieldOf, column: Column, context: Context) -> Read:
    return Read({}, f"{column.n_distinct} different texts in {column.n_given} cells", 0.0 if column.dates.share > ENOUGH else 1.0)


def _whole(of: FieldOf, column: Column, context: Context) -> Read:
    share = column.numbers.whole / column.n_given + column.numbers.point / column.n_given * _ends_in_zero(column)
    if share >= 0.9:
        return Read({}, f"{column.numbers.whole or column.numbers.point} of {column.n_given} cells are whole numbers", 1.0)
    if before := column.named_whole:
        pattern = rf"{literal(before)}(?P<value>\d+)"
        return Read({"pattern": pattern}, "each cell is a number after the same letters", 0.95)
    return Read({}, "its cells are no whole numbers", 0.0)


def _ends_in_zero(column: Column) -> float:
    return float(all(t.endswith(".0") for t, _ in column.given if "." in t))


def _rating(of: FieldOf, column: Column, context: Context) -> Read:
    numbers = column.numbers
    fits = 1.0 if numbers.share > ENOUGH else 0.0
    return Read(amounts.decimal_of(numbers.decimal, context), f"{numbers.whole} of {numbers.n} cells are whole numbers", fits)


def _id(of: FieldOf, column: Column, context: Context) -> Read:
    is_date = column.dates.share > ENOUGH and column.numbers.share < 0.5
    return Read({}, f"{column.n_distinct} different identifiers", 0.0 if is_date else 1.0)


_KINDS: dict[Kind, Callable[[FieldOf, Column, Context], Read]] = {
    Kind.ID: _id, Kind.TEXT: _text, Kind.CODE_TEXT: _code, Kind.ITEM: _code, Kind.INTEGER: _whole, Kind.NUMBER: _rating,
    Kind.RATING: _rating, Kind.BOOLEAN: words.boolean, Kind.WORD: words.word, Kind.DATE: days.date, Kind.PARTIAL: days.partial,
    Kind.INSTANT: days.instant, Kind.DOSE: amounts.amount, Kind.WEIGHT: amounts.amount, Kind.AGE: amounts.amount, Kind.SUDS: amounts.fear,
}  # fmt: skip
