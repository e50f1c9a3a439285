"""The items of one site's questionnaires beside those of the other sites: answered as others answer another item, or as nobody does.

What belongs here: the comparison of item means. What does not: counting them (signs.py), the other signs and naming the line (beside.py).

People fear some situations more than others, and much the same ones everywhere. So an item's mean beside the form's is known from the other
sites, with an error: how far they lie apart themselves, and what chance gives among so many participants. A column that was exchanged with
another one, half of the form with the other half, or that holds the same number for everybody lies far beyond it, although each answer is
possible and a total that is added up agrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from statistics import median
from typing import Any

from schemas.evidence import Evidence

RULE = "items_unlike_other_sites"
#: From the median of distances from the middle to a standard deviation.
_MAD = 1.4826
#: Fewer items have no shape.
_SHAPE = 4


Level = tuple[float, float]


class Items:
    """Of each instrument where its items lie at the sites that have enough participants: usual place beside the form, how far apart sites
    are. Made once of all sites: one that is itself among them hardly moves a median."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]], evidence: Evidence) -> None:
        self.sites: dict[tuple[str, ...], set[str]] = {}
        sent: dict[tuple[str, ...], list[list[Level]]] = {}
        for site, signs in known.items():
            for instrument, levels in levels_of(signs, evidence).items():
                self.sites.setdefault((instrument, *levels), set()).add(site)
                sent.setdefault((instrument, *levels), []).append([*levels.values()])
        self.usual = {key: _usual(sites, evidence) for key, sites in sent.items()}


def _usual(sites: list[list[Level]], evidence: Evidence) -> list[Level]:
    """Of each item its place beside the form, and how far sites lie apart in it beyond what chance gives."""
    middles = [_middle(levels) for levels in sites]
    out = []
    for i in range(len(sites[0])):
        there = [levels[i][0] - middle for levels, middle in zip(sites, middles, strict=True)]
        usual = median(there)
        apart, chance = _MAD * median(abs(v - usual) for v in there), median(levels[i][1] for levels in sites)
        out.append((usual, math.sqrt(max(apart * apart - chance * chance, evidence.items_unlike_room.value**2))))
    return out


def levels_of(signs: Mapping[str, Any], evidence: Evidence) -> dict[str, dict[str, Level]]:
    """Instrument -> item -> mean on 0-100 and its standard error, where enough participants have answered."""
    out = {}
    for instrument, items in signs.get("items", {}).items():
        if min(n for n, *_ in items.values()) >= evidence.profile_min_participants.value and len(items) >= _SHAPE:
            out[instrument] = {code: _level(*sums) for code, sums in items.items()}
    return out


def _level(n: int, total: int, squares: int) -> Level:
    mean = total / n
    return mean, math.sqrt(max(squares / n - mean * mean, 0) / n)


def _middle(levels: list[Level]) -> float:
    return sum(mean for mean, _ in levels) / len(levels)


def found(site: str, mine: Mapping[str, Any], sites: Items, evidence: Evidence) -> Iterator[tuple[str, str, tuple[str, ...], int, str]]:
    """At most one sign an instrument: rule, table.field, no part of a path, participants, what in words."""
    for instrument, own in levels_of(mine, evidence).items():
        key = (instrument, *own)
        n_others = len(sites.sites.get(key, set()) - {site})
        if n_others >= evidence.unlike_min_sites.value:
            what = _unlike([*own], [*own.values()], sites.usual[key], evidence)
            if what:
                n = max(n for n, *_ in mine["items"][instrument].values())
                yield RULE, "assessment.item", (), n, f"{instrument}: {what} ({n_others} other sites)"


def _unlike(codes: list[str], own: list[Level], usual: list[Level], evidence: Evidence) -> str | None:
    """What is wrong in words, the explanation that takes in most of it first."""
    n, half, gain = len(codes), len(codes) // 2, evidence.items_unlike_gain.value
    error = [math.hypot(e, f) for (_, e), (_, f) in zip(usual, own, strict=True)]
    # the level of a site's participants is no sign
    level = median(mean - place for (mean, _), (place, _) in zip(own, usual, strict=True))
    mine = [mean - level for mean, _ in own]

    def off(i: int, at: int) -> float:
        """How many errors item i lies from where item `at` is elsewhere."""
        return (mine[i] - usual[at][0]) / error[at]

    before = sum(off(i, i) ** 2 for i in range(n))
    exchanged = sum(off(i, (i + half) % n) ** 2 for i in range(n))
    if n % 2 == 0 and n >= evidence.copied_min_answers.value and before - exchanged >= gain and 2 * exchanged <= before:
        return f"{codes[0]} to {codes[half - 1]} are answered as {codes[half]} to {codes[-1]} elsewhere, and the other way round"
    worst = max(range(n), key=lambda i: abs(off(i, i)))
    if 2 * off(worst, worst) ** 2 < gain:
        return None  # no two items can gain so much
    far = [i for i in range(n) if 4 * off(i, i) ** 2 >= gain]
    pairs = []
    for i, j in combinations(far, 2):
        before, exchanged = off(i, i) ** 2 + off(j, j) ** 2, off(i, j) ** 2 + off(j, i) ** 2
        if before - exchanged >= gain and 4 * exchanged <= before:
            pairs.append((round(before - exchanged, 6), codes[i], codes[j]))
    if pairs:
        _, one, other = max(pairs)
        return f"{one} is answered as {other} elsewhere, and the other way round"
    distance = mine[worst] - usual[worst][0]
    if abs(off(worst, worst)) >= evidence.items_unlike_error.value and abs(distance) >= evidence.items_unlike_pomp.value:
        return f"{codes[worst]} is {own[worst][0]:.0f} of 100 on average; beside the other items it would be {own[worst][0] - distance:.0f}"
    return None
