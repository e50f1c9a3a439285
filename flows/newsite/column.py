"""One column of an export: how many cells are filled, and what its texts look like: numbers, codes, identifiers, units, missing codes.

What belongs here: evidence. What does not: what the column is called and which field it is (tables.py), how it is read (fields.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from flows.newsite import dateshape, lexicon
from flows.newsite.dateshape import Dates
from flows.readers import About

#: A column with at most so many different texts may hold codes that a draft writes down.
FEW = 12
_SPACES = " \t\r\n\u00a0\u202f\ufeff\u200b"
_POINT = re.compile(r"[+-]?\d*\.\d+")
_COMMA = re.compile(r"[+-]?\d*,\d+")
_INT = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+|\d*[.,]\d+)")
_WITH_UNIT = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([A-Za-zµμ]+)\.?")
_NAMED_INT = re.compile(r"([A-Za-z][A-Za-z .#_-]*)(\d+)")
_CODED = re.compile(r"-?(?:9{1,4}|8{2,4}|7{2,4})|-[1-9]|-9[5-8]")


@dataclass(frozen=True)
class Numbers:
    """Cells that are numbers with a point, with a comma, without either; `n`: cells looked at."""

    point: int
    comma: int
    whole: int
    n: int
    lowest: float
    highest: float

    @property
    def share(self) -> float:
        """Part of the cells that are numbers."""
        return (self.point + self.comma + self.whole) / self.n if self.n else 0.0

    @property
    def decimal(self) -> str | None:
        """The decimal character where it is certain; None: no cell tells, or cells tell both."""
        return None if bool(self.point) == bool(self.comma) else "," if self.comma else "."


@dataclass(frozen=True)
class Column:
    """A column as text. `counts`: different text -> cells, most cells first."""

    name: str
    place: int
    about: About
    n_rows: int
    counts: tuple[tuple[str, int], ...]
    typed: bool = False

    @classmethod
    def of(cls, name: str, place: int, cells: pa.ChunkedArray, about: About | None, *, typed: bool) -> Column:
        """Count a column's different texts."""
        text = pc.utf8_trim(cells.cast(pa.string()), _SPACES)
        found = pc.value_counts(text.drop_null())
        pairs = [(v, n) for v, n in zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True) if v]
        return cls(name, place, about or About(), len(cells), tuple(sorted(pairs, key=lambda p: (-p[1], p[0]))), typed)

    @property
    def n_filled(self) -> int:
        """Cells with a text."""
        return sum(n for _, n in self.counts)

    @cached_property
    def missing_words(self) -> dict[str, int]:
        """Words that say a value is missing -> cells: `k.A.`, `n/a`, also where a number or a date is expected."""
        known = lexicon.words("missing")
        return {text: n for text, n in self.counts if lexicon.folded(text) in known}

    @cached_property
    def given(self) -> tuple[tuple[str, int], ...]:
        """Texts without words for missing values."""
        return tuple((t, n) for t, n in self.counts if t not in self.missing_words)

    @property
    def n_given(self) -> int:
        """Cells with a text that is no word for a missing value."""
        return sum(n for _, n in self.given)

    @cached_property
    def numbers(self) -> Numbers:
        """The cells as numbers."""
        kinds: Counter[str] = Counter()
        values = []
        for text, n in self.given:
            kind = next((k for k, r in (("whole", _INT), ("point", _POINT), ("comma", _COMMA)) if r.fullmatch(text)), "")
            if kind:
                kinds[kind] += n
                values.append(float(text.replace(",", ".")))
        return Numbers(kinds["point"], kinds["comma"], kinds["whole"], self.n_given, min(values, default=0.0), max(values, default=0.0))

    @cached_property
    def dates(self) -> Dates:
        """The cells as dates."""
        return dateshape.look(self.given) if self.numbers.share < 0.5 or self._may_be_compact else dateshape.look(())

    @cached_property
    def clock(self) -> Dates:
        """The cells as clock times alone."""
        return dateshape.look(self.given, clocks=True)

    @property
    def _may_be_compact(self) -> bool:
        """Numbers of eight digits such as 20240131, or years."""
        return all(len(t) in (4, 7, 8) for t, _ in self.given[:20])

    @cached_property
    def n_coded_missing(self) -> dict[str, int]:
        """Numbers such as -9, -99, 999 that often stand for a missing answer -> cells."""
        return {text: n for text, n in self.given if _CODED.fullmatch(text)}

    @cached_property
    def units(self) -> dict[str, int]:
        """Units that stand in the cells with their number -> cells; empty where less than half the cells do."""
        found: Counter[str] = Counter()
        for text, n in self.given:
            if m := _WITH_UNIT.fullmatch(text):
                found[m[2]] += n
        return dict(found) if 2 * sum(found.values()) >= self.n_given and found else {}

    @cached_property
    def named_whole(self) -> str:
        """The constant before a number in nearly all cells: `S` of S3, `Session ` of Session 3; empty where there is none."""
        before = Counter[str]()
        for text, n in self.given:
            if m := _NAMED_INT.fullmatch(text):
                before[m[1]] += n
        top = before.most_common(1)
        return top[0][0] if top and top[0][1] >= 0.9 * self.n_given else ""

    def within(self, low: float, high: float) -> int:
        """Cells that are numbers between two bounds, both inside."""
        return sum(n for t, n in self.given if _NUMBER.fullmatch(t) and low <= float(t.replace(",", ".")) <= high)

    def without(self, texts: Collection[str]) -> Column:
        """The same column as if these texts were blank."""
        return replace(self, counts=tuple((t, n) for t, n in self.counts if t not in texts))

    @property
    def n_distinct(self) -> int:
        """Different texts that are no word for a missing value."""
        return len(self.given)

    @property
    def is_unique(self) -> bool:
        """No text stands in two rows."""
        return bool(self.counts) and all(n == 1 for _, n in self.counts)

    @property
    def is_secret(self) -> bool:
        """The file itself says that it identifies people or is free text."""
        return self.about.is_identifier or self.about.is_free_text

    def codes(self, at_most: int = FEW) -> list[tuple[str, int]]:
        """Texts and cells of a column of codes: few, short, and each met several times on average; empty for anything else."""
        texts = self.given
        if not texts or len(texts) > at_most or self.is_secret or any(len(t) > 24 for t, _ in texts):
            return []
        return sorted(texts) if len(texts) <= 4 or self.n_given >= 3 * len(texts) else []

    def labelled(self) -> Iterator[tuple[str, str]]:
        """Codes with the labels the file itself gives them."""
        yield from self.about.labels.items()
