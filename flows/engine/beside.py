"""One site's signs beside those of the other sites of its trial, and beside the protocol: what a wrong line of its mapping looks like.

What belongs here: the comparison, and naming the line. What does not: counting (signs.py), when it is asked (roster.py each night,
flows/cli/check_config.py before the first), the limits (evidence.yaml unlike_*).

Exact: a share is held against the others' rows together (hypergeometric), and has to lie beyond every single one of them, too, since
sites differ by more than chance. Figures are compared by where most of them lie, since their means are anybody's.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from flows.engine import delivery_findings, written
from flows.engine.config import Unit
from flows.engine.night import Placed
from flows.engine.signs import Signs
from schemas.evidence import Evidence
from schemas.trial import Trial

CODES, FIGURES, AMOUNTS = "codes_unlike_other_sites", "figures_unlike_other_sites", "dose_unit_mapping"
#: Figure -> what it is called, its unit, and how far apart two sites may well be.
NAMES: dict[str, tuple[str, str, float]] = {
    "subject.age_years": ("age", "years", 15), "subject.weight_kg": ("weight", "kg", 15),
    "session.started_at": ("hour at which sessions begin", "h", 3),
    "session.exposure_started_at": ("time from the session's start to the exposure", "min", 5),
    "session.ended_at": ("length of sessions", "min", 30), "dose.dosed_at": ("time from dose to session", "min", 60),
    "rating.begin": ("fear at the beginning", "of 100", 15), "rating.peak": ("highest fear", "of 100", 15),
    "rating.end": ("fear at the end", "of 100", 15),
}  # fmt: skip
#: Factors between units of mass that are taken for one another, and what was most likely meant.
_FACTORS = {1000.0: "mg read as g", 0.001: "g read as mg, or mg as ug", 1e6: "ug read as g", 1e-6: "g read as ug"}
_ROOM = 0.01


def find(placed: Mapping[str, Placed], evidence: Evidence, on: dt.date) -> dict[str, list[pl.DataFrame]]:
    """Unit -> findings on its sites, of all units that are placed."""
    of_trial: dict[str, dict[tuple[str, str], Signs]] = {}
    for key, one in placed.items():
        for site, told in one.staged.receipt["sites"].items():
            if told.get("signs"):
                of_trial.setdefault(one.attempt.unit.site.study, {})[(key, site)] = told["signs"]
    out: dict[str, list[pl.DataFrame]] = {}
    for known in of_trial.values():
        for (key, site), mine in known.items():
            unit = placed[key].attempt.unit
            others = {other: signs for (_, other), signs in known.items() if other != site}
            told = pl.DataFrame([*rows(unit, mine, others, evidence, on)])
            for name in told.get_column("rule").unique(maintain_order=True) if told.height else ():
                hit = told.filter(pl.col("rule") == name).drop("rule", "what", "where")
                out.setdefault(key, []).append(delivery_findings.findings(name, unit, site, hit))
    return out


def rows(unit: Unit, mine: Signs, others: Mapping[str, Signs], evidence: Evidence, on: dt.date | None) -> Iterator[dict[str, Any]]:
    """One row a sign: `rule`, `table`, `field`, `n_rows`, `what` in words, `where` the mapping says so, `suggestion` of both."""
    bodies: list[Any] = []
    found = [*_amounts(unit, mine), *_codes(mine, others, evidence), *_figures(mine, others, evidence)]
    for name, field_of, part, n, what in found:
        table, _, field = field_of.partition(".")
        if name == AMOUNTS and n < evidence.unlike_min_doses.value:
            continue
        bodies = bodies or written.files(unit, on)
        places = [written.told(unit, bodies, "tables", table, no, "fields", field, *part) for no in range(len(_specs(unit, table)))]
        where = ", ".join(dict.fromkeys(p for p in places if p))
        yield {"rule": name, "table": table, "field": field, "n_rows": n, "what": what, "where": where,
               "suggestion": f"{what}; the mapping says so in {where or 'the site file'}"}  # fmt: skip


def _specs(unit: Unit, table: str) -> tuple[Any, ...]:
    return next((specs for t, specs in unit.site.tables.items() if t == table), ())


Found = tuple[str, str, tuple[str, ...], int, str]


def _codes(mine: Signs, others: Mapping[str, Signs], evidence: Evidence) -> Iterator[Found]:
    least, limit = evidence.unlike_min_values.value, evidence.unlike_chance.value
    for field_of, counts in mine["codes"].items():
        n = sum(counts.values())
        beside = [c for signs in others.values() if sum((c := signs["codes"].get(field_of, {})).values()) >= least]
        if n < least or len(beside) < evidence.unlike_min_sites.value:
            continue
        best: tuple[float, str, float, list[float]] | None = None
        for word in sorted({*counts, *(w for c in beside for w in c)}):
            shares = sorted(100 * c.get(word, 0) / sum(c.values()) for c in beside)
            share = 100 * counts.get(word, 0) / n
            apart = max(shares[0] - share, share - shares[-1])
            if apart < evidence.unlike_share_pct.value or (best is not None and apart <= best[0]):
                continue
            if chance(counts.get(word, 0), n, sum(c.get(word, 0) for c in beside), sum(sum(c.values()) for c in beside)) < limit:
                best = (apart, word, share, shares)
        if best is not None:
            _, word, share, shares = best
            what = f"{word} is {share:.0f} % of {n} values; at {len(shares)} other sites {shares[0]:.0f} to {shares[-1]:.0f} %"
            yield CODES, field_of, (), n, what


def _figures(mine: Signs, others: Mapping[str, Signs], evidence: Evidence) -> Iterator[Found]:
    least = evidence.unlike_min_values.value
    for field_of, (n, low, middle, high) in mine["figures"].items():
        beside = [f for signs in others.values() if (f := signs["figures"].get(field_of)) and f[0] >= least]
        if n < least or len(beside) < evidence.unlike_min_sites.value:
            continue
        called, unit, room = NAMES[field_of]
        below, above = min(f[1] for f in beside), max(f[3] for f in beside)
        medians = sorted(f[2] for f in beside)
        apart = max(medians[0] - middle, middle - medians[-1])
        if not below <= middle <= above and not any(low <= m <= high for m in medians) and apart >= room:
            of_others = f"at {len(beside)} other sites {medians[0]:.3g} to {medians[-1]:.3g}"
            what = f"the usual {called} is {middle:.3g} {unit} ({n} values); {of_others}"
            yield FIGURES, field_of, (), n, what


def _amounts(unit: Unit, mine: Signs) -> Iterator[Found]:
    strengths = amounts_of(unit.trial)
    given = [(float(mg), n) for mg, n in mine["amounts"].items()]
    n = sum(k for _, k in given)
    if not strengths or 5 * sum(k for mg, k in given if _is_of(mg, strengths)) > n:
        return
    for factor, meant in _FACTORS.items():
        hits = sum(k for mg, k in given if _is_of(mg / factor, strengths))
        if hits and 5 * hits >= 4 * n:
            part = ("unit",) if any("unit" in s.fields["dose"].model_fields_set for s in _specs(unit, "dose") if "dose" in s.fields) else ()
            yield AMOUNTS, "dose.dose", part, n, f"{hits} of {n} amounts are {factor:g} times one of the protocol's: {meant}"


def amounts_of(trial: Trial) -> set[float]:
    """The amounts a dose of the trial may have, in mg."""
    return {m for a in trial.arms for m in (a.dose_mg, *(b.dose_mg for b in a.dose_mg_by_weight)) if m is not None}


def _is_of(mg: float, strengths: set[float]) -> bool:
    return any(abs(mg - s) <= _ROOM * s for s in strengths)


def chance(k: int, n: int, others_k: int, others_n: int) -> float:
    """Two-sided exact probability of so uneven a share when both are drawn from one urn: twice the smaller tail, at most 1."""
    hits, whole = k + others_k, n + others_n
    base = _choose(whole, n)

    def tail(counts: range) -> float:
        return math.fsum(math.exp(_choose(hits, x) + _choose(whole - hits, n - x) - base) for x in counts)

    least, most = max(0, n - (whole - hits)), min(n, hits)
    return min(1.0, 2 * min(tail(range(least, k + 1)), tail(range(k, most + 1))))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
