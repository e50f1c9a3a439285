"""Days and clock times as fields: their formats, and the question where two orders or clocks read the cells alike.

What belongs here: from a column's dates to `format`, `partial`, `clock`, `pivot`. What does not: reading dates of cells (dateshape.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows.engine.mapping.shapes import FieldOf
from flows.newsite import lexicon
from flows.newsite.asking import Open
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH, Dates, is_clock
from flows.newsite.read import Context, Read, Spec


def date(of: FieldOf, column: Column, context: Context) -> Read:
    """A whole day."""
    return _dated(column.dates, column, partial=False)


def partial(of: FieldOf, column: Column, context: Context) -> Read:
    """A day that may miss its day or month, or say in words that it has not come."""
    ongoing = [text for text, _ in column.given if lexicon.folded(text) in lexicon.words("ongoing")]
    if not ongoing:
        return _dated(column.dates, column, partial=True)
    left = column.without(ongoing)
    read = _dated(left.dates, left, partial=True) if left.n_given else Read({"partial": True}, "no day is in it", 0.7)
    if not read.fits:
        return read
    return Read({**read.spec, "missing": sorted(ongoing)}, f"{read.shows}; {', '.join(ongoing)} is no date", read.fits)


def instant(of: FieldOf, column: Column, context: Context) -> Read:
    """A day and a clock time, in one column or two."""
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
    order, half = dates.open_order, _may_be_half(times, clock)
    first = dates.formats[0]
    if order is not None:
        reads = f'"{order.first} {times.formats[0]}" or "{order.second} {times.formats[0]}"'
        also = f"; and whether it is a 24-hour clock: {half}" if half is not None else ""
        return Read({"format": Open(f"{reads}: {order.asks}{also}")}, shows, 1.0)
    if half is not None:
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
