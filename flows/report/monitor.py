"""Central statistical monitoring: each site beside all other sites of its trial.

What belongs here: the tests and the control of false discoveries. What does not: the numbers they compare (sql/7_report/person_sign.sql,
site_sign.sql), how a result is shown (monitor_part.py).

The unit is the participant. Means are compared by Welch's test (1947, doi:10.1093/biomet/34.1-2.28), its degrees of freedom rounded down;
shares by Fisher's exact test, two-sided by summing the tables that are as unlikely or less. All tests of a trial are one family of
Benjamini and Hochberg (1995). A site with too few participants, or too few others, is not compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flows.tables.student import beyond


@dataclass(frozen=True)
class Sign:
    """What is compared: name in the SQL, words, unit, whether a participant has it or not (a share)."""

    name: str
    title: str
    unit: str
    is_share: bool
    more: str
    less: str


SIGNS = (
    Sign("timing_spread", "Spread of dose timing", "min", False, "doses are timed more irregularly", "doses are timed more regularly"),
    Sign("dose_minutes", "Dose times on a multiple of five minutes", "%", False, "clock times are rounder", "clock times are less round"),
    Sign("fear_digits", "Fear ratings on a multiple of ten", "%", False, "ratings are rounder", "ratings are less round"),
    Sign("fear_spread", "Spread of fear at the begin of sessions", "SUDS", False, "fear differs more", "fear differs less"),
    Sign("outcome_spread", "Spread of the primary outcome at baseline", "points", False, "participants differ more",
         "participants differ less"),
    Sign("same_ratings", "Participants with the same row of ratings as another's", "%", True, "more copies", "fewer copies"),
    Sign("refused_rows", "Participants with rows in quarantine", "%", True, "more is refused", "less is refused"),
)  # fmt: skip


@dataclass(frozen=True)
class Test:
    """One site and sign. `p`, `q`: None when there were too few participants; `q` is p as Benjamini and Hochberg adjust it."""

    study: str
    site: str
    sign: Sign
    n: int
    mean: float
    others_n: int
    others_mean: float | None
    p: float | None = None
    q: float | None = None

    @property
    def words(self) -> str:
        """Which way the site differs."""
        return self.sign.more if self.mean > (self.others_mean or 0) else self.sign.less

    def is_unusual(self, rate_pct: float) -> bool:
        """Whether it stands out at this rate of false discoveries."""
        return self.q is not None and self.q <= rate_pct / 100


def tests(rows: Iterable[Mapping[str, Any]], few: int) -> list[Test]:
    """Every site and sign in the order of study, sign and site. `rows`: report.site_sign; `few`: participants needed on either side."""
    known = {sign.name: sign for sign in SIGNS}
    out = []
    for row in rows:
        sign = known[row["sign"]]
        n, others = row["n"], row["others_n"]
        test = Test(row["STUDYID"], row["SITEID"], sign, n, row["mean"], others, row["others_mean"])
        if min(n, others) >= few:
            if sign.is_share:
                p = fisher(round(n * row["mean"]), n, round(others * row["others_mean"]), others)
            else:
                p = welch(n, row["mean"], row["variance"], others, row["others_mean"], row["others_variance"])
            test = replace(test, p=p)
        out.append(test)
    return [test for study in sorted({t.study for t in out}) for test in adjusted([t for t in out if t.study == study])]


def adjusted(family: Sequence[Test]) -> list[Test]:
    """Tests with q: the smallest rate of false discoveries at which each would still be called unusual."""
    tried = sorted((t.p, i) for i, t in enumerate(family) if t.p is not None)
    out, q = list(family), 1.0
    for rank in range(len(tried), 0, -1):
        p, i = tried[rank - 1]
        q = min(q, p * len(tried) / rank)
        out[i] = replace(family[i], q=q)
    return out


def welch(n1: int, mean1: float, var1: float, n2: int, mean2: float, var2: float) -> float:
    """Two-sided p of equal means. Two constants are equal or certainly different."""
    a, b = var1 / n1, var2 / n2
    if math.isclose(mean1, mean2, rel_tol=1e-12, abs_tol=1e-12):
        return 1.0
    if a + b <= 1e-18 * (mean1 - mean2) ** 2:
        return 0.0
    df = (a + b) ** 2 / (a * a / (n1 - 1) + b * b / (n2 - 1))
    return beyond((mean1 - mean2) / math.sqrt(a + b), max(1, math.floor(df)))


def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided p of equal shares k1 of n1 and k2 of n2: all tables with these margins that are as unlikely or less."""
    k, n, lf = k1 + k2, n1 + n2, _log_factorial
    first, second, whole = lf(n1), lf(n2), lf(n) - lf(k) - lf(n - k)
    low, high = max(0, k - n2), min(k, n1)
    chances = [
        first - lf(x) - lf(n1 - x) + (second - lf(k - x) - lf(n2 - k + x)) - whole for x in range(low, high + 1)
    ]
    seen = chances[k1 - low]
    return min(1.0, math.fsum(math.exp(c) for c in chances if c <= seen + 1e-7))


@cache
def _log_factorial(n: int) -> float:
    return math.lgamma(n + 1)
