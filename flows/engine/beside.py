"""One site's signs beside those of the other sites of its trial, and beside the protocol: what a wrong line of its mapping looks like.

What belongs here: the comparison, and naming the line. What does not: counting (signs.py), when it is asked (roster.py each night,
flows/cli/check_config.py before the first), the limits (evidence.yaml unlike_*).

Exact: a share is held against the others' rows together (hypergeometric), and has to lie beyond nearly every single one of them, too,
since sites differ by more than chance; nearly, because sites that make the same mistake would hide each other. Figures are compared by
where most of them lie, since their means are anybody's.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from flows.engine import beside_fields, beside_items, delivery_findings, written
from flows.engine.config import Unit
from flows.engine.night import Placed
from flows.engine.signs import Signs
from schemas.evidence import Evidence
from schemas.trial import Trial

CODES, FIGURES = "codes_unlike_other_sites", "figures_unlike_other_sites"
AMOUNTS, SEXES, DAYS = "dose_unit_mapping", "sex_codes_exchanged", "sessions_on_rest_days"
_WEEK = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
#: Figure -> what it is called, its unit, and how far apart two sites may well be.
NAMES: dict[str, tuple[str, str, float]] = {
    "subject.age_years": ("age", "years", 15), "subject.weight_kg": ("weight", "kg", 15),
    "session.started_at": ("hour at which sessions begin", "h", 3),
    "session.exposure_started_at": ("time from the session's start to the exposure", "min", 5),
    "session.ended_at": ("length of sessions", "min", 30), "dose.dosed_at": ("time from dose to session", "min", 60),
    "subject.randomized_on": ("time from randomization to the first session", "days", 4),
    "rating.begin": ("fear at the beginning", "of 100", 15), "rating.peak": ("highest fear", "of 100", 15),
    "rating.end": ("fear at the end", "of 100", 15),
}  # fmt: skip
#: Factors between units of mass that are taken for one another, and what was most likely meant.
_FACTORS = {1000.0: "mg read as g", 0.001: "g read as mg, or mg as ug", 1e6: "ug read as g", 1e-6: "g read as ug"}
_ROOM = 0.01


class Sites:
    """The sites of a trial in the order of what they have, so that one is held beside all others by looking at the ends."""

    def __init__(self, known: Mapping[str, Signs], evidence: Evidence) -> None:
        """`known`: site -> its signs; those with too few values of a kind are left out of that kind."""
        least = evidence.unlike_min_values.value
        counts: dict[str, dict[str, dict[str, int]]] = {}
        figures: dict[str, dict[str, list[float]]] = {}
        for site, signs in known.items():
            for name, of in signs["codes"].items():
                if sum(of.values()) >= least:
                    counts.setdefault(name, {})[site] = of
            for name, figure in signs["figures"].items():
                if figure[0] >= least:
                    figures.setdefault(name, {})[site] = figure
        self.codes = {name: _Codes(of) for name, of in counts.items()}
        self.figures = {name: _Figures(of) for name, of in figures.items()}
        self.fields = beside_fields.Fields(known, evidence)
        self.items = beside_items.Items(known, evidence)
        self.weeks = {site: days for site, signs in known.items() if sum(days := signs.get("weekdays") or [0]) >= least}
        self.rests = [_Ends({site: 100 * days[day] / sum(days) for site, days in self.weeks.items()}) for day in range(7)]


class _Ends:
    """Numbers of sites in their order."""

    def __init__(self, of: Mapping[str, float]) -> None:
        self.sorted = sorted((number, site) for site, number in of.items())
        self.places = {site: place for place, (_, site) in enumerate(self.sorted)}

    def without(self, site: str, spare: int) -> tuple[float, float]:
        """The least and the greatest number of all sites but one, and but the `spare` lowest or highest of those."""
        low, high = spare, len(self.sorted) - 1 - spare
        place = self.places.get(site)
        if place is not None:
            low, high = low + (place <= low), high - (place >= high)
        return self.sorted[low][0], self.sorted[high][0]

    def within(self, low: float, high: float) -> int:
        """How many lie between two numbers, both included."""
        return bisect_right(self.sorted, high, key=_number) - bisect_left(self.sorted, low, key=_number)


def _number(entry: tuple[float, str]) -> float:
    return entry[0]


class _Codes:
    """Rows of each coded word at every site: `total` of a word, `rows` of a site, `shares` of a word in percent."""

    def __init__(self, of: Mapping[str, Mapping[str, int]]) -> None:
        self.of = of
        self.rows = {site: sum(counts.values()) for site, counts in of.items()}
        self.total: dict[str, int] = {}
        for counts in of.values():
            for word, n in counts.items():
                self.total[word] = self.total.get(word, 0) + n
        self.all = sum(self.rows.values())
        self.shares = {w: _Ends({site: 100 * of[site].get(w, 0) / n for site, n in self.rows.items()}) for w in self.total}


class _Figures:
    """Where most values of every site lie: a tenth below `low`, half below `middle`, a tenth above `high`."""

    def __init__(self, of: Mapping[str, list[float]]) -> None:
        self.of = of
        self.low, self.middle, self.high = (_Ends({site: figure[n] for site, figure in of.items()}) for n in (1, 2, 3))


def find(placed: Mapping[str, Placed], evidence: Evidence, on: dt.date) -> dict[str, list[pl.DataFrame]]:
    """Unit -> findings on its sites, of all units that are placed."""
    of_trial: dict[str, dict[str, tuple[str, Signs]]] = {}
    for key, one in placed.items():
        for site, told in one.staged.receipt["sites"].items():
            if told.get("signs"):
                of_trial.setdefault(one.attempt.unit.site.study, {})[site] = (key, told["signs"])
    out: dict[str, list[pl.DataFrame]] = {}
    for known in of_trial.values():
        sites = Sites({site: signs for site, (_, signs) in known.items()}, evidence)
        for site, (key, mine) in known.items():
            unit = placed[key].attempt.unit
            told = pl.DataFrame([*rows(unit, site, mine, sites, evidence, on)])
            for name in told.get_column("rule").unique(maintain_order=True) if told.height else ():
                hit = told.filter(pl.col("rule") == name).drop("rule", "what", "where")
                out.setdefault(key, []).append(delivery_findings.findings(name, unit, site, hit))
    return out


def rows(unit: Unit, site: str, mine: Signs, sites: Sites, evidence: Evidence, on: dt.date | None) -> Iterator[dict[str, Any]]:
    """One site beside the others of `sites`, one row a sign: `rule`, `table`, `field`, `n_rows`, `what` in words, `where` the mapping says
    so, `suggestion` of both."""
    bodies: list[Any] = []
    found = [
        *_amounts(unit, mine), *_weights(mine, evidence), *_codes(site, mine, sites, evidence), *_figures(site, mine, sites, evidence),
        *_rest_days(site, mine, sites, evidence), *beside_items.found(site, mine, sites.items, evidence),
        *beside_fields.found(site, mine, sites.fields, evidence),
    ]  # fmt: skip
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


def _codes(site: str, mine: Signs, sites: Sites, evidence: Evidence) -> Iterator[Found]:
    for field_of, counts in mine["codes"].items():
        n, known = sum(counts.values()), sites.codes.get(field_of)
        n_sites = len(known.of) - (site in known.of) if known else 0
        if known is None or n < evidence.unlike_min_values.value or n_sites < evidence.unlike_min_sites.value:
            continue
        spare = _spare(n_sites, evidence)
        own = counts if site in known.of else {}
        best: tuple[float, str, float, float, float] | None = None
        for word in sorted({*counts, *known.total}):
            least, most = known.shares[word].without(site, spare) if word in known.shares else (0.0, 0.0)
            share = 100 * counts.get(word, 0) / n
            apart = max(least - share, share - most)
            if apart < evidence.unlike_share_pct.value or (best is not None and apart <= best[0]):
                continue
            others = known.total.get(word, 0) - own.get(word, 0)
            if chance(counts.get(word, 0), n, others, known.all - sum(own.values())) < evidence.unlike_chance.value:
                best = (apart, word, share, least, most)
        if best is not None:
            _, word, share, least, most = best
            usual = f"at least {least:.0f} %" if share < least else f"at most {most:.0f} %"
            usual = usual if spare else f"{least:.0f} to {most:.0f} %"
            what = f"{word} is {share:.0f} % of {n} values; {_where(n_sites, spare)} {usual}"
            yield CODES, field_of, (), n, what


def _figures(site: str, mine: Signs, sites: Sites, evidence: Evidence) -> Iterator[Found]:
    for field_of, (n, low, middle, high) in mine["figures"].items():
        known = sites.figures.get(field_of)
        n_sites = len(known.of) - (site in known.of) if known else 0
        if known is None or n < evidence.unlike_min_values.value or n_sites < evidence.unlike_min_sites.value:
            continue
        called, unit, room = NAMES[field_of]
        spare = _spare(n_sites, evidence)
        (below, _), (_, above), (least, most) = (ends.without(site, spare) for ends in (known.low, known.high, known.middle))
        apart = max(least - middle, middle - most)
        is_near = known.middle.within(low, high) > (site in known.of) + spare  # its own middle lies there
        if not below <= middle <= above and not is_near and apart >= room:
            usual = f"at least {least:.3g}" if middle < least else f"at most {most:.3g}"
            usual = usual if spare else f"{least:.3g} to {most:.3g}"
            what = f"the usual {called} is {middle:.3g} {unit} ({n} values); {_where(n_sites, spare)} {usual}"
            yield FIGURES, field_of, (), n, what


def _spare(n_sites: int, evidence: Evidence) -> int:
    """How many of the other sites may have made the same mistake: two that did must not hide each other."""
    return int(n_sites * evidence.unlike_alike_pct.value // 100)


def _where(n_sites: int, spare: int) -> str:
    return f"at {n_sites - spare} of {n_sites} other sites" if spare else f"at {n_sites} other sites"


def _rest_days(site: str, mine: Signs, sites: Sites, evidence: Evidence) -> Iterator[Found]:
    """Days of the week on which the site has many sessions and nearly every other site has next to none."""
    days = mine.get("weekdays") or [0] * 7
    n, n_sites = sum(days), len(sites.weeks) - (site in sites.weeks)
    if n < evidence.unlike_min_values.value or n_sites < evidence.unlike_min_sites.value:
        return
    spare = _spare(n_sites, evidence)
    most = [ends.without(site, spare)[1] for ends in sites.rests]
    runs = _rests(most, evidence)
    shares = [100 * sum(days[day] for day in run) / n for run in runs]
    if not runs or min(shares) <= evidence.rest_day_others_pct.value:
        return
    rest, share = sorted({day for run in runs for day in run}), sum(shares)
    if share >= evidence.rest_day_own_pct.value:
        called = " and ".join(_WEEK[day] for day in rest if days[day])
        usual = f"{_where(n_sites, spare)} at most {max(most[day] for day in rest):.0f} % a day"
        yield DAYS, "session.started_at", (), n, f"{share:.0f} % of {n} sessions are on {called}; {usual}"


def _rests(most: list[float], evidence: Evidence) -> list[list[int]]:
    """The longest runs of days without sessions: a Wednesday that is free at every small site by chance is no weekend beside one."""
    free = [share <= evidence.rest_day_others_pct.value for share in most]
    runs = [
        [(first + k) % 7 for k in range(7) if all(free[(first + j) % 7] for j in range(k + 1))]
        for first in range(7) if free[first] and not free[first - 1]
    ]  # fmt: skip
    return [run for run in runs if len(run) == max(map(len, runs))]


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


def _weights(mine: Signs, evidence: Evidence) -> Iterator[Found]:
    """Women who weigh more than the men of the site by more than chance gives (Welch)."""
    women, men = (mine["weights"].get(sex) for sex in "FM")
    if not women or not men or min(women[0], men[0]) < evidence.sex_weight_min.value:
        return
    means = [total / n for n, total, _ in (women, men)]
    error = math.sqrt(sum((squares - total * total / n) / (n - 1) / n for n, total, squares in (women, men)))
    if error and (means[0] - means[1]) / error >= evidence.sex_weight_error.value:
        said = f"{women[0]} women weigh {means[0] / 10:.0f} kg, {men[0]} men {means[1] / 10:.0f} kg on average"
        yield SEXES, "subject.sex", (), women[0] + men[0], said


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
