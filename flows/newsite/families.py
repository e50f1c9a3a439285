"""Columns side by side that are rows: names that differ in numbers (lsas_f01, 1a, Q7F, suds_b_s2_e1), and what varies between them.

What belongs here: finding them in a header, writing their pattern. What does not: whether they are a questionnaire (questionnaires.py) or
sessions and exercises (tables.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_NUMBER = re.compile(r"(\d+)")
_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")
_BOUNDARY = re.compile(r"[\W_]")

Parts = tuple[str, ...]


@dataclass
class Family:
    """Names of one shape. `parts`: the texts around the numbers; `columns`: numbers -> name."""

    parts: Parts
    columns: dict[tuple[int, ...], str] = field(default_factory=dict)

    @property
    def is_run(self) -> bool:
        """One number that runs from 1 without a gap."""
        return len(self.parts) == 2 and sorted(self.columns) == [(n,) for n in range(1, len(self.columns) + 1)]


@dataclass(frozen=True)
class Cluster:
    """Families that differ in one place of their names. `before`, `after`: what is common around that place; `variants`: text there ->
    family. A family alone is a cluster with one variant, its own text."""

    place: int
    before: str
    after: str
    variants: dict[str, Family]

    @property
    def numbers(self) -> list[tuple[int, ...]]:
        """Numbers met, in order."""
        return sorted({n for family in self.variants.values() for n in family.columns})

    @property
    def slots(self) -> int:
        """How many numbers a name holds."""
        return len(next(iter(self.variants.values())).parts) - 1

    def around(self, slot: int) -> tuple[str, str]:
        """What stands before and after a number in the names."""
        parts = list(next(iter(self.variants.values())).parts)
        return parts[slot], parts[slot + 1]

    def pattern(self, names: Sequence[str], group: str, variants: Sequence[str]) -> str:
        """The regular expression over a whole name; `names`: of the numbers' groups; `group`: of what varies, where several are meant."""
        parts = list(next(iter(self.variants.values())).parts)
        out = []
        for n, part in enumerate(parts):
            if n == self.place:
                told = "|".join(map(literal, variants))
                middle = f"(?P<{group}>{told})" if len(variants) > 1 else told
                out.append(f"{literal(self.before)}{middle}{literal(self.after)}")
            else:
                out.append(literal(part))
            if n < len(names):
                out.append(rf"(?P<{names[n]}>\d+)")
        return "".join(out)


def literal(text: str) -> str:
    """A text as a regular expression that matches just it, readable where it can be."""
    return _SPECIAL.sub(r"\\\1", text)


def find(names: Sequence[str], *, fixed_is_text: bool = False) -> list[Cluster]:
    """Clusters of a header, most columns first. Boxes of a REDCap checkbox (field___1) are no rows. `fixed_is_text`: a number that is the
    same in all names of a shape belongs to their text (phq9_1, phq9_2: the item varies, the 9 is of the name)."""
    families: dict[Parts, Family] = {}
    for name in names:
        pieces = _NUMBER.split(name)
        if len(pieces) < 3 or "___" in name or len(pieces) > 7:
            continue
        parts = tuple(pieces[::2])
        families.setdefault(parts, Family(parts)).columns.setdefault(tuple(map(int, pieces[1::2])), name)
    if fixed_is_text:
        families = _settled(families.values())
    several = [f for f in families.values() if len(f.columns) > 1]
    out: list[Cluster] = []
    used: set[Parts] = set()
    for family in several:
        if family.parts in used:
            continue
        mates = [f for f in several if f.parts not in used and _alike(family, f)]
        places = {_differs(family.parts, f.parts) for f in mates if f is not family}
        place = next(iter(places)) if len(places) == 1 else None
        if place is None:
            mates = [family] if not places else [family, *_largest(family, mates)]
            place = _differs(mates[0].parts, mates[1].parts) if len(mates) > 1 else 0
        used |= {f.parts for f in mates}
        out.append(_cluster(mates, place))
    return sorted(out, key=lambda c: (-sum(len(f.columns) for f in c.variants.values()), list(c.variants)))


def _settled(families: Iterable[Family]) -> dict[Parts, Family]:
    """Families whose numbers all vary: one that does not is written into the text around it, digit by digit as the names have it."""
    out: dict[Parts, Family] = {}
    for family in families:
        spelled = {numbers: _NUMBER.split(name)[1::2] for numbers, name in family.columns.items()}
        fixed = [n for n, texts in enumerate(zip(*spelled.values(), strict=True)) if len(set(texts)) == 1]
        if len(family.columns) < 2 or not fixed:
            out[family.parts] = family
            continue
        texts, kept = next(iter(spelled.values())), [n for n in range(len(family.parts) - 1) if n not in fixed]
        parts = [family.parts[0]]
        for n, text in enumerate(family.parts[1:]):
            parts = [*parts[:-1], parts[-1] + texts[n] + text] if n in fixed else [*parts, text]
        made = out.setdefault(tuple(parts), Family(tuple(parts)))
        for numbers, name in family.columns.items():
            made.columns.setdefault(tuple(numbers[n] for n in kept), name)
    return out


def _alike(one: Family, other: Family) -> bool:
    """The same numbers, and texts that differ in at most one place."""
    same = one.columns.keys() == other.columns.keys()
    return same and len(one.parts) == len(other.parts) and sum(a != b for a, b in zip(one.parts, other.parts, strict=True)) <= 1


def _differs(one: Parts, other: Parts) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), 0)


def _largest(family: Family, mates: Sequence[Family]) -> list[Family]:
    """Of families that differ from one in several places, those that differ in the place most of them do."""
    by_place: dict[int, list[Family]] = {}
    for mate in mates:
        if mate is not family:
            by_place.setdefault(_differs(family.parts, mate.parts), []).append(mate)
    return max(by_place.values(), key=len)


def _cluster(families: Sequence[Family], place: int) -> Cluster:
    texts = [f.parts[place] for f in families]
    before = _common([t for t in texts]) if len(texts) > 1 else ""
    after = _common([t[len(before) :][::-1] for t in texts])[::-1] if len(texts) > 1 else ""
    variants = {f.parts[place][len(before) : len(f.parts[place]) - len(after)]: f for f in families}
    return Cluster(place, before, after, variants)


def _common(texts: Sequence[str]) -> str:
    """What all begin with, up to the last sign that is no letter."""
    shortest = min(texts, key=len)
    n = next((i for i, c in enumerate(shortest) if any(t[i] != c for t in texts)), len(shortest))
    while n and not _BOUNDARY.match(shortest[n - 1]):
        n -= 1
    return shortest[:n]
