"""Whether many values changed by one and the same function: so much more, so many times, turned round, day and month exchanged.

What belongs here: looking at pairs of an old and a new value. What does not: where they come from (recoding.py), what follows (holding.py,
value_changes.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.float64]

#: Factors between units that clinics mix up: kg and lb, powers of ten, kg and stone, g and ounces.
FACTORS = (2.20462, 10.0, 100.0, 1000.0, 6.35029, 28.3495)
_CLOSE = 0.006
_FEW = 10


@dataclass(frozen=True)
class Function:
    """A function that changes follow: how many of them in percent, and in words."""

    pct: float
    words: str


def function(changed: pl.DataFrame) -> Function | None:
    """The function that most of these cells (recoding.CELLS, of one column) follow; None where they are no numbers, dates or times."""
    pairs = changed.filter(pl.col("x").is_not_null() & pl.col("y").is_not_null())
    kinds = set(changed.get_column("kind"))
    if pairs.is_empty() or len(kinds) != 1:
        return None
    x, y, kind = pairs.get_column("x").to_numpy(), pairs.get_column("y").to_numpy(), kinds.pop()
    found = [_most(np.round(y - x, 6), lambda d: _more(d, kind))]
    if kind == "number":
        found += [_most(np.round(x + y, 6), lambda s: f"each is {s:g} minus the one before"), _times(x, y)]
    else:
        turned = np.array([is_turned(a, b) for a, b in zip(pairs["was"], pairs["now"], strict=True)])
        found.append(Function(100 * float(turned.mean()), "day and month are exchanged"))
    best = max(found, key=lambda f: f.pct)
    return Function(best.pct * pairs.height / changed.height, best.words)


def _most(results: Numbers, words: Callable[[float], str]) -> Function:
    values, counts = np.unique(results, return_counts=True)
    at = int(np.argmax(counts))
    return Function(100 * float(counts[at]) / len(results), words(float(values[at])))


def _more(difference: float, kind: str) -> str:
    side = ("less", "more") if kind == "number" else ("earlier", "later")
    size = abs(difference)
    told = f"{size:g}" if kind == "number" else f"{size:g} days" if kind == "day" else f"{size / 60:g} minutes"
    return f"each is {told} {side[difference > 0]}"


def _times(x: Numbers, y: Numbers) -> Function:
    """The share of values whose quotient is the usual one, to two percent, as rounding leaves them."""
    known = (x != 0) & (y != 0)
    if not known.any():
        return Function(0.0, "")
    quotients = y[known] / x[known]
    usual = float(np.median(quotients))
    near = np.abs(quotients / usual - 1) <= 0.02
    return Function(100 * float(near.sum()) / len(x), f"each is {usual:.3g} times the one before")


def is_turned(before: str, after: str) -> bool:
    """Whether two dates, or moments by their date, differ by day and month exchanged."""
    try:
        a, b = dt.date.fromisoformat(before[:10]), dt.date.fromisoformat(after[:10])
    except ValueError:
        return False
    return a != b and (a.year, a.month, a.day) == (b.year, b.day, b.month)


def by_a_unit(x: float, y: float) -> bool:
    """Whether one value is another in another unit, or its decimal sign was lost."""
    if not x or not y:
        return False
    quotient = max(y / x, x / y)
    return any(abs(quotient / f - 1) <= _CLOSE for f in FACTORS)


def with_another_item(changed: pl.DataFrame, answers: pl.DataFrame) -> int:
    """How many changed answers of one item are what the form's answer to one other item was: the columns changed places. `answers`:
    the old answers (form, ITEMCD, AVAL_old). Of a few changes some item always fits, so these count for none."""
    total = 0
    for (item,), mine in changed.group_by("item"):
        if mine.height < _FEW:
            continue
        others = answers.filter(pl.col("ITEMCD") != item).join(mine.select("form", "y"), on="form")
        hits = others.filter(pl.col("AVAL_old") == pl.col("y")).group_by("ITEMCD").len("n")
        total += int(hits.get_column("n").max() or 0)  # type: ignore[arg-type]
    return total
