"""Which date formats read a column, and which cells speak for each: the evidence, not the decision on a name.

What belongs here: formats tried on every different text, what tells day-month from month-day. What does not: which field the column is
(fields.py). Formats are compiled by the mapping's own dateformat.py, so what is found here is what the mapping will read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flows.engine.mapping.dateformat import MONTHS, compile_format

_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y",
         "%d%b%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%Y%m%d", "%d.%m.%y", "%m.%d.%y", "%d/%m/%y", "%m/%d/%y",
         "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d", "%d-%b-%y", "%d %b %y")  # fmt: skip
_PARTS = ("%Y-%m", "%m/%Y", "%m.%Y", "%m-%Y", "%b %Y", "%b-%Y", "%B %Y", "%Y")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H.%M", "%Hh%M", "%H%M", "%I:%M %p", "%I:%M%p", "%I:%M:%S %p", "%I.%M %p")
_BETWEEN = (" ", "T", ", ", ";")
_ZONE = "%z"
#: Month before day with dots is no country's custom: taken only where a cell proves it.
_PROVEN_ONLY = ("%m.%d.",)
#: Cells a format must read of those that are no missing word, else it is no date column.
ENOUGH = 0.7
_SHORT = re.compile(r"\d{1,2}")
_LONG = re.compile(r"\d{3,}")


@dataclass(frozen=True)
class Order:
    """Two formats that read the same cells differently. `first_only`, `second_only`: cells that one alone can read; `both`: cells both can,
    with different results. `by_custom`: the second is nobody's custom and no cell needs it."""

    first: str
    second: str
    first_only: int
    second_only: int
    both: int
    by_custom: bool = False

    @property
    def is_open(self) -> bool:
        """No cell, or cells on both sides, tell the two apart."""
        some = self.both + self.first_only + self.second_only > 0
        return some and bool(self.first_only) == bool(self.second_only) and not self.by_custom

    @property
    def shows(self) -> str:
        """What settled it."""
        alone = self.first_only + self.second_only
        return f"{alone} of them can be read in this order only" if alone else "with dots the day comes first"

    @property
    def asks(self) -> str:
        """Both answers with the cells that speak for each."""
        reads = {self.first: self.first_only + self.both, self.second: self.second_only + self.both}
        told = " or ".join(f'"{f}" ({n} cells)' for f, n in reads.items())
        alone = self.first_only + self.second_only
        why = f"only it reads {self.first_only} and {self.second_only}" if alone else "no cell tells them apart"
        return f"{told}; {why}"


@dataclass(frozen=True)
class Dates:
    """What a column's texts are as dates. `formats`: those that read it, most cells first; `reads`: format -> cells; `orders`: pairs that
    read the same cells; `n`: cells looked at; `n_read`: cells some format reads."""

    formats: tuple[str, ...]
    reads: Mapping[str, int]
    orders: tuple[Order, ...]
    n: int
    n_read: int

    @property
    def share(self) -> float:
        """Part of the cells that are dates or times."""
        return self.n_read / self.n if self.n else 0.0

    @property
    def open_order(self) -> Order | None:
        """The pair that a person must decide, if any."""
        return next((o for o in self.orders if o.is_open), None)

    @property
    def has_clock(self) -> bool:
        """A clock time stands in it."""
        return any(is_clock(f) or has_clock(f) for f in self.formats)

    @property
    def is_clock_only(self) -> bool:
        """Clock times without a day."""
        return bool(self.formats) and all(is_clock(f) for f in self.formats)

    @property
    def has_offset(self) -> bool:
        """Every time carries its offset from UTC."""
        return bool(self.formats) and all(f.endswith(_ZONE) for f in self.formats if has_clock(f)) and self.has_clock

    @property
    def is_partial(self) -> bool:
        """Some cells lack day or month."""
        return any(f in _PARTS for f in self.formats)

    @property
    def has_short_year(self) -> bool:
        """Some years have two digits."""
        return any("%y" in f for f in self.formats)


def is_clock(source: str) -> bool:
    """A format of a clock time alone."""
    return source in _CLOCKS


def has_clock(source: str) -> bool:
    """A format that holds a clock time."""
    return "%H" in source or "%I" in source


@cache
def _known() -> dict[str, re.Pattern[str]]:
    """Every format tried -> its regular expression with a group for each part."""
    out: dict[str, re.Pattern[str]] = {}
    for day in _DAYS:
        out[day] = re.compile(compile_format(day).regex("Yymdb" + "B"))
        for clock in _CLOCKS:
            for between in _BETWEEN:
                if between == "T" and not day.startswith("%Y-"):
                    continue
                for zone in ("", _ZONE):
                    if zone and clock not in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f"):
                        continue
                    source = f"{day}{between}{clock}{zone}"
                    out[source] = re.compile(compile_format(source).regex("YymdbBHIM"))
    for part in _PARTS:
        out[part] = re.compile(compile_format(part, partial=True).regex("YymdbB"))
    return out


@cache
def _clocks() -> dict[str, re.Pattern[str]]:
    out = {}
    for clock in _CLOCKS:
        made = compile_format(f"%Y-%m-%d|{clock}")
        out[clock] = re.compile("^" + made.regex("HIM").partition(re.escape("|"))[2])
    return out


@cache
def _letters(source: str) -> str:
    made = compile_format(f"%Y-%m-%d|{source}" if is_clock(source) else source, partial=source in _PARTS)
    wanted = "HIM" if is_clock(source) else "YymdbBHIM"
    return "".join(letter for letter in made.letters if letter in wanted)


def _skeleton(text: str) -> str:
    """Texts of one shape: `1/8/2025` and `12/22/2024`; letters are one sign."""
    return re.sub(r"[^\W\d_]+", "a", _LONG.sub(lambda m: f"N{len(m[0])}", _SHORT.sub("d", text) if not _LONG.search(text) else _cut(text)))


def _cut(text: str) -> str:
    return re.sub(r"\d+", lambda m: "d" if len(m[0]) <= 2 else f"<{len(m[0])}>", text)


def look(counts: Sequence[tuple[str, int]], *, clocks: bool = False) -> Dates:
    """Try every format on every different text: days with or without a clock time, or clock times alone. `counts`: text -> cells."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for text, n in counts:
        groups.setdefault(_skeleton(text), []).append((text, n))
    reads: dict[str, int] = {}
    pairs: dict[tuple[str, str], list[int]] = {}
    n_read = 0
    for texts in groups.values():
        candidates = [f for f, regex in (_clocks() if clocks else _known()).items() if any(regex.match(t) for t, _ in texts[:8])]
        if not candidates:
            continue
        values = {f: [(_read(f, t), n) for t, n in texts] for f in candidates}
        values = {f: found for f, found in values.items() if any(v is not None for v, _ in found)}
        n_read += sum(n for i, (_, n) in enumerate(texts) if any(found[i][0] is not None for found in values.values()))
        for source in _narrowed(values, texts, pairs):
            reads[source] = reads.get(source, 0) + sum(n for v, n in values[source] if v is not None)
    orders = tuple(_ordered(a, b, *n) for (a, b), n in sorted(pairs.items()))
    settled = {o.second if o.first_only or o.by_custom else o.first for o in orders if not o.is_open}
    formats = tuple(sorted((f for f in reads if f not in settled), key=lambda f: (-reads[f], f)))
    return Dates(formats, reads, orders, sum(n for _, n in counts), n_read)


def _ordered(first: str, second: str, first_only: int, second_only: int, both: int) -> Order:
    """What tells two formats apart; one that must be proven loses where nothing proves it."""
    if second.startswith(_PROVEN_ONLY) and not second_only:
        return Order(first, second, first_only, 0, both, by_custom=True)
    return Order(first, second, first_only, second_only, both)


def _narrowed(
    values: dict[str, list[tuple[tuple[int, ...] | None, int]]], texts: Sequence[tuple[str, int]], pairs: dict[tuple[str, str], list[int]]
) -> list[str]:
    """Formats of one shape of texts that are needed: those that read alike are one; those that read differently become a pair."""
    kept: list[str] = []
    for source, found in values.items():
        same = next((k for k in kept if [v for v, _ in values[k]] == [v for v, _ in found]), None)
        if same is None:
            kept.append(source)
    whole = [k for k in kept if not any(_contains(values[o], values[k]) for o in kept if o != k)]
    for i, a in enumerate(whole):
        for b in whole[i + 1 :]:
            told = pairs.setdefault((a, b), [0, 0, 0])
            for (one, n), (other, _) in zip(values[a], values[b], strict=True):
                if one is not None and other is None:
                    told[0] += n
                elif other is not None and one is None:
                    told[1] += n
                elif one is not None and one != other:
                    told[2] += n
    return whole


def _contains(more: list[tuple[tuple[int, ...] | None, int]], less: list[tuple[tuple[int, ...] | None, int]]) -> bool:
    """Whether one format reads whatever the other reads, with the same result, and more."""
    return more != less and all(b is None or a == b for (a, _), (b, _) in zip(more, less, strict=True))


@cache
def _read(source: str, text: str) -> tuple[int, ...] | None:
    """A text as (year, month, day, hour, minute) under a format, -1 for what it does not say; None: not such a text or no such day."""
    found = (_clocks() if is_clock(source) else _known())[source].match(text)
    if found is None:
        return None
    part = dict(zip(_letters(source), found.groups(), strict=True))
    year = int(part["Y"]) if "Y" in part else 2000 + int(part["y"]) if "y" in part else -1
    month = _month(part)
    day = int(part["d"]) if "d" in part else -1
    hour = int(part.get("H") or part.get("I") or -1)
    minute = int(part.get("M") or -1)
    if not (1900 <= year <= 2100 or year == -1) or hour > 23 or minute > 59 or ("I" in part and not 1 <= hour <= 12):
        return None
    try:
        dt.date(year if year > 0 else 2000, month if month > 0 else 1, day if day > 0 else 1)
    except ValueError:
        return None
    return None if month == 0 or day == 0 else (year, month, day, hour, minute)


def _month(part: Mapping[str, str]) -> int:
    if "m" in part:
        return int(part["m"])
    name = (part.get("b") or part.get("B") or "").lower()
    return next((n for n, month in enumerate(MONTHS, start=1) if name and month.startswith(name[:3])), -1)
