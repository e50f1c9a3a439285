"""How one field is read from its column: format, unit, codes, missing codes, with the cells that speak for it; open where none do.

What belongs here: from a column to a field's mapping. What does not: which column it is (tables.py), identifiers (identity.py),
questionnaires (questionnaires.py).

Nothing here looks at a name to settle what a value means, except where the name itself says it: dose_mg, Weight (lb).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.engine.mapping.codelists import Codelists
from flows.engine.mapping.shapes import FIELDS, FieldOf, Kind
from flows.newsite import lexicon
from flows.newsite.asking import Open, Said, percent
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH, Dates, is_clock
from flows.newsite.families import literal
from flows.newsite.naming import tokens

#: Scales of fear ratings: name -> lowest, highest.
SCALES = {"0-100": (0, 100), "1-100": (1, 100), "0-10": (0, 10), "0-8": (0, 8)}
#: So many cells of the lowest value tell 0-100 from 1-100; fewer may be slips.
_ZEROS = 3
_QUANTITY = {Kind.DOSE: "mass", Kind.WEIGHT: "weight", Kind.AGE: "age"}
_SLASHED = re.compile(r"0\s*(?:-|–|to|bis)\s*(?:100|10|8)\b|1\s*(?:-|–|to|bis)\s*100\b")


@dataclass(frozen=True)
class Context:
    """What all fields of a sheet share. `decimal`: of its defaults; `lists`: the mapping's code lists; `day`: the column of its dates, for
    clock times that stand alone."""

    decimal: str
    lists: Codelists
    day: Column | None = None


Spec = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """How a column would be read as a field: keys of its mapping besides `from`, what its cells show, how well they fit (0-1)."""

    spec: Spec
    shows: str
    fits: float


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
        return {"scale": Open(f"one of {', '.join(SCALES)}; no cell is filled")}
    if of.kind in (Kind.WEIGHT, Kind.DOSE):
        return {"unit": _unit_by_name(of.kind, column, context) or Open("the unit; no cell is filled")}
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


def _boolean(of: FieldOf, column: Column, context: Context) -> Read:
    return _coded(column, context.lists.codes["boolean"], "boolean", ("true", "false"), as_boolean=True)


def _word(of: FieldOf, column: Column, context: Context) -> Read:
    known = context.lists.sex if of.words == "sex" else context.lists.codes.get(of.words, {})
    values = tuple(dict.fromkeys(known.values()))
    return _coded(column, {**known, **{v.lower(): v for v in values}}, of.words, values)


def _coded(column: Column, known: Mapping[str, str], words_list: str, values: Sequence[str], *, as_boolean: bool = False) -> Read:
    """A column of codes: by the file's own labels, by words the mapping knows, by words of other languages; else a person decides."""
    words = lexicon.words(words_list)
    labels = {code: _meaning(label, known, words) for code, label in column.labelled()}
    levels = column.codes(20 if labels else 8)
    levels += [(code, 0) for code in labels if code not in dict(levels)] if len(labels) <= 20 and (levels or not column.n_given) else []
    if not levels:
        return Read({}, "it is no column of a few codes", 0.0)
    if as_boolean:
        levels += [(t, n) for t, n in column.counts if t in ("-", ".") and t in column.missing_words]
    turned = {code.lower() for code, _ in levels} in _TURNED and not labels
    made: dict[str, Any] = {}
    by: dict[str, int] = {}
    hidden = 0
    for code, n in levels:
        meaning, source = labels.get(code), "labels in the file"
        if meaning is None and code not in labels and not turned:
            meaning, source = _unlabelled(code, known, words, {c for c, _ in levels}, as_boolean)
        if meaning is not None:
            made[code] = (meaning == "true") if as_boolean else meaning
            by[source] = by.get(source, 0) + n
        elif code in labels or n >= 3 or len(code) <= 2:
            made[code] = Open(f"{' or '.join(values)}; {n} cells" + (f" labelled {labels_text(column, code)}" if code in labels else ""))
        else:
            hidden += n
    if by.get("words"):
        made |= {t: (v == "true") if as_boolean else v for t, v in lexicon.counterparts(words_list, [c for c, _ in levels]).items()}
    read = sum(by.values())
    if not by and not _may_be_codes(levels, values):
        return Read({}, "its codes are no such words", 0.0)
    is_plain = all(not isinstance(v, Open) and known.get(code.lower()) == (str(v).lower() if as_boolean else v) for code, v in made.items())
    shows = f"{read} of {column.n_given} cells told by {' and '.join(by)}" if by else f"nothing explains its {len(levels)} codes"
    shows += f"; {hidden} cells hold other texts, which are not shown here" if hidden else ""
    fits = 0.7 if not column.n_given else 1.0 if read >= 0.9 * column.n_given else 0.8 if read else 0.5
    return Read({} if is_plain else {"map": made}, shows if column.n_given else "no cell is filled; the file's labels tell its codes", fits)


#: Letters that mean the opposite in another language: H and M (hombre, mujer), V and M (varón and mujer, vrouw and man).
_TURNED = ({"h", "m"}, {"v", "m"})


def _unlabelled(
    code: str, known: Mapping[str, str], words: Mapping[str, str], all_codes: set[str], as_boolean: bool
) -> tuple[str | None, str]:
    """What a code means by itself, and what tells it; a number means something only as 0 and 1 of a yes-no column."""
    if any(c.isalpha() for c in code):
        return _meaning(code, known, words), "words"
    return (known[code], "0 and 1") if as_boolean and all_codes <= {"0", "1"} else (None, "")


def labels_text(column: Column, code: str) -> str:
    """A code's label in quotes, as the file says it."""
    return repr(column.about.labels.get(code, ""))


def _may_be_codes(levels: Sequence[tuple[str, int]], values: Sequence[str]) -> bool:
    """Few enough codes for the values there are: 1 and 2 for sex, 1-3 for a grade."""
    return len(levels) <= max(len(values), 3) and all(len(code) <= 3 for code, _ in levels)


def _meaning(text: str, known: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    return known.get(text.strip().lower()) or words.get(lexicon.folded(text))


def _date(of: FieldOf, column: Column, context: Context) -> Read:
    return _dated(column.dates, column, partial=False)


def _partial(of: FieldOf, column: Column, context: Context) -> Read:
    ongoing = [text for text, _ in column.given if lexicon.folded(text) in lexicon.words("ongoing")]
    if not ongoing:
        return _dated(column.dates, column, partial=True)
    left = column.without(ongoing)
    read = _dated(left.dates, left, partial=True) if left.n_given else Read({"partial": True}, "no day is in it", 0.7)
    if not read.fits:
        return read
    return Read({**read.spec, "missing": sorted(ongoing)}, f"{read.shows}; {', '.join(ongoing)} is no date", read.fits)


def _instant(of: FieldOf, column: Column, context: Context) -> Read:
    if column.clock.share > ENOUGH and context.day is not None and context.day is not column:
        return _day_and_clock(context.day, column)
    read = _dated(column.dates, column, partial=False)
    if read.fits and (zoned := _with_offset(column)):
        without = column.dates.n_read - sum(column.dates.reads[f] for f in zoned)
        told = f"; {without} carry none and are told" if without else ""
        spec = {"format": zoned[0] if len(zoned) == 1 else zoned, "clock": "offset"}
        return Read(spec, f"{read.shows} that carry their offset from UTC{told}", read.fits)
    return read if column.dates.has_clock else Read(read.spec, f"{read.shows}, without a clock time", read.fits * 0.6)


def _with_offset(column: Column) -> list[str]:
    """Formats with an offset, where nearly all cells carry one and no order is open."""
    dates = column.dates
    zoned = [f for f in dates.formats if f.endswith("%z")]
    return zoned if dates.open_order is None and sum(dates.reads[f] for f in zoned) >= 0.9 * dates.n_read > 0 else []


def _dated(dates: Dates, column: Column, *, partial: bool) -> Read:
    """The formats of a date column, or the question which of two orders it is."""
    if dates.share < ENOUGH:
        return Read({}, "its cells are no dates", 0.0)
    shows = f"{dates.n_read} of {dates.n} cells are dates"
    if column.typed and all(f.startswith("%Y-%m") or f == "%Y" for f in dates.formats):
        return Read({"partial": True} if partial else {}, f"{shows}, stored as such", 1.0)
    spec: Spec = {}
    order = dates.open_order
    formats = [f for f in dates.formats if partial or not _is_part(f)]
    if partial and any(not f.startswith("%Y") for f in formats):
        formats = [f for f in formats if f not in ("%Y", "%Y-%m")]  # a partial date may always be these
    if order is not None:
        others = [f for f in formats if f not in (order.first, order.second)]
        spec["format"] = Open(order.asks + (f"; besides {', '.join(others)}" if others else ""))
        return Read(_with_pivot(spec, formats), shows, 1.0)
    iso = [f for f in formats if f.startswith("%Y-%m") or f == "%Y"]
    if partial and len(iso) == len(formats):
        return Read({"partial": True}, f"{shows} in ISO 8601", 1.0)
    spec["format"] = formats[0] if len(formats) == 1 else formats
    if partial:
        spec["partial"] = True
    told = next((o for o in dates.orders if o.first in formats or o.second in formats), None)
    if told is not None:
        shows += f", {told.shows}"
    return Read(_with_pivot(spec, formats), shows, 1.0)


def _is_part(source: str) -> bool:
    return "%d" not in source and not is_clock(source)


def _with_pivot(spec: Spec, formats: Sequence[str]) -> Spec:
    if any("%y" in f for f in formats):
        spec["pivot"] = Open("the first two-digit year that means 19xx, such as 50: years below it are 20xx")
    return spec


def _day_and_clock(day: Column, clock: Column) -> Read:
    """A day and a clock time in two columns."""
    dates, times = day.dates, clock.clock
    shows = f"{times.n_read} of {times.n} cells are clock times, the day stands in {day.name!r}"
    order = dates.open_order
    first = dates.formats[0]
    if order is not None:
        reads = f'"{order.first} {times.formats[0]}" or "{order.second} {times.formats[0]}"'
        return Read({"format": Open(f"{reads}: {order.asks}")}, shows, 1.0)
    if (half := _may_be_half(times, clock)) is not None:
        return Read({"format": Open(f'"{first} {times.formats[0]}" if it is a 24-hour clock; {half}')}, shows, 0.9)
    formats = [f"{d} {t}" for d in dates.formats if not _is_part(d) for t in times.formats]
    return Read({"format": formats[0] if len(formats) == 1 else formats}, shows, 1.0)


def _may_be_half(times: Dates, clock: Column) -> str | None:
    """Clock times that may be of a 12-hour clock without AM and PM: none after 12, some before 7."""
    if any("%p" in f for f in times.formats):
        return None
    hours = {int(re.match(r"\d{1,2}", t)[0]) if ":" in t or "." in t else int(t.zfill(4)[:2]) for t, _ in clock.given if re.match(r"\d", t)}  # type: ignore[index]
    early = any(1 <= h <= 6 for h in hours)
    return "no hour is above 12 and some are below 7, so AM and PM may be lost" if hours and max(hours) <= 12 and early else None


def _amount(of: FieldOf, column: Column, context: Context) -> Read:
    if column.units:
        return _with_units(of.kind, column, context)
    numbers = column.numbers
    if numbers.share < ENOUGH:
        return Read({}, "its cells are no numbers", 0.0)
    if of.kind == Kind.AGE and column.within(0, 130) < 0.9 * numbers.n:
        return Read({}, "its numbers are no ages", 0.0)
    spec = _decimal(numbers.decimal, context)
    unit = _unit_by_name(of.kind, column, context)
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
    return Read({**_decimal(decimal, context), "split_unit": True}, shows, 1.0)


def _decimal(decimal: str | None, context: Context) -> Spec:
    return {"decimal": decimal} if decimal is not None and decimal != context.decimal else {}


def _unit_by_name(kind: Kind, column: Column, context: Context) -> str | None:
    """A unit that stands in the file's own word on the column, in its name or in its label; none where they say different ones."""
    told = [column.about.unit, *tokens(column.name)[1:], *tokens(column.about.label)[1:]]
    if kind == Kind.DOSE and tokens(column.name) == ("mg",):
        told.append("mg")
    found = {u.name: t for t in told if t and (u := context.lists.unit(_QUANTITY[kind], t)) is not None}
    return next(iter(found)) if len(found) == 1 else None


def _fear(of: FieldOf, column: Column, context: Context) -> Read:
    numbers = column.numbers
    if numbers.share < ENOUGH:
        return Read({}, "its cells are no numbers", 0.0)
    codes = missing_codes([column])
    counts = [(float(t.replace(",", ".")), n) for t, n in column.given if re.fullmatch(r"\d+([.,]\d+)?", t)]
    total = sum(n for _, n in counts)
    fits = {name: sum(n for v, n in counts if low <= v <= high) for name, (low, high) in SCALES.items()}
    if not total or fits["0-100"] < 0.9 * total:
        return Read({}, "its numbers lie beyond every scale of fear", 0.0)
    spec = {"scale": scale_of([column]), **_decimal(numbers.decimal, context)}
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


def _rating(of: FieldOf, column: Column, context: Context) -> Read:
    numbers = column.numbers
    fits = 1.0 if numbers.share > ENOUGH else 0.0
    return Read(_decimal(numbers.decimal, context), f"{numbers.whole} of {numbers.n} cells are whole numbers", fits)


def _id(of: FieldOf, column: Column, context: Context) -> Read:
    is_date = column.dates.share > ENOUGH and column.numbers.share < 0.5
    return Read({}, f"{column.n_distinct} different identifiers", 0.0 if is_date else 1.0)


_KINDS: dict[Kind, Callable[[FieldOf, Column, Context], Read]] = {
    Kind.ID: _id, Kind.TEXT: _text, Kind.CODE_TEXT: _code, Kind.INTEGER: _whole, Kind.NUMBER: _rating, Kind.BOOLEAN: _boolean,
    Kind.WORD: _word, Kind.DATE: _date, Kind.PARTIAL: _partial, Kind.INSTANT: _instant, Kind.DOSE: _amount, Kind.WEIGHT: _amount,
    Kind.AGE: _amount, Kind.SUDS: _fear, Kind.ITEM: _code, Kind.RATING: _rating,
}  # fmt: skip
