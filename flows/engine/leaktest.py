"""Can anybody tell the arms apart from what is published? Asked with the randomization list, by a person who may know it.

What belongs here: the test of every published column against the arms. What does not: looking for words without the list
(blinding.py). The list is read from a file the person names; nothing of it is kept, and the answer has counts only.

A column is put in three ways, because a leak may hide in any: the value itself, the shape of a text (letters to a, digits to 9:
`K-1234`, `KX-1234`), and the rank of a number. Each participant counts once (a participant and value met together count once):

guess   share of participants whose arm is named right when each value met in two participants or more is read as its commonest arm
p       chi-square test of values by arm (Pearson), for ranks Kruskal-Wallis; times the number of tests (Bonferroni)

A column is LEAK when p is below leak_alpha and the guess right for at least leak_guess_pct (config/evidence.yaml); WATCH when only p
is: a treatment that works also parts the arms, in outcomes and side effects. A LEAK in an identifier, kit number, dose text, row number or
date is one; in an outcome it is to be judged by the person.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from flows.engine.deidentify import Masker
from flows.engine.releases import Release
from schemas.columns import columns
from schemas.evidence import Evidence
from schemas.findings import ConfigurationError

#: The arm itself, and what is the same for a whole trial or site.
_LEFT_OUT = {"STUDYID", "SITEID", "USUBJID", "TRT01P", "TRT01A"}
MIN_PARTICIPANTS = 8


@dataclass(frozen=True)
class Told:
    """One way of looking at one column."""

    dataset: str
    column: str
    way: str
    n: int
    guess: float
    p: float
    verdict: str


def test(release: Release, study: str, arms: dict[str, str], evidence: Evidence) -> list[Told]:
    """Every published column of a trial, worst first. `arms`: USUBJID as published -> arm.

    Raises ConfigurationError when fewer than MIN_PARTICIPANTS of the list are in the release, or they have one arm only.
    """
    people = set(_read(release, "adsl", study).get_column("USUBJID"))
    known = {u: arm for u, arm in arms.items() if u in people}
    if len(known) < MIN_PARTICIPANTS or len(set(known.values())) < 2:
        raise ConfigurationError(
            f"{len(known)} participants of the list are in the release's {study}, of {len(set(known.values()))} arms; "
            f"{MIN_PARTICIPANTS} of two arms are needed\n"
            "  fix -> the list needs the columns subject (SUBJID or USUBJID), arm and, for SUBJID, site"
        )
    arm = pl.DataFrame({"USUBJID": list(known), "_arm": list(known.values())})
    raw = []
    for dataset, found in columns().items():
        frame = _read(release, dataset, study)
        if "USUBJID" not in frame.columns or frame.is_empty():
            continue
        joined = frame.join(arm, on="USUBJID", how="inner")
        for name in (c.name for c in found if c.name not in _LEFT_OUT and c.name in frame.columns):
            raw += [(dataset, name, way, *said) for way, said in _ways(joined, name)]
    times = max(len(raw), 1)
    out = []
    for dataset, name, way, n, guess, p in raw:
        corrected = min(1.0, p * times)
        hit = corrected < evidence.leak_alpha.value
        verdict = "LEAK" if hit and 100 * guess >= evidence.leak_guess_pct.value else "WATCH" if hit else ""
        out.append(Told(dataset, name, way, n, guess, corrected, verdict))
    return sorted(out, key=lambda t: (t.p, -t.guess, t.dataset, t.column, t.way))


def read_list(path: Path, study: str, masker: Masker | None) -> dict[str, str]:
    """USUBJID as published -> arm, from a CSV with the columns subject and arm, and site where subject is no USUBJID.

    Raises ConfigurationError when the columns are not there or the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path.name} cannot be read as CSV: {type(error).__name__}") from None
    if not rows or not {"subject", "arm"} <= set(rows[0]):
        raise ConfigurationError(f"{path.name} needs the columns subject and arm, and site where subject is no USUBJID")
    out = {}
    for row in rows:
        who, site = (row["subject"] or "").strip(), (row.get("site") or "").strip()
        usubjid = who if who.startswith(f"{study}-") else f"{study}-{site}-{who}"
        place = site or usubjid.removeprefix(f"{study}-").split("-")[0]
        out[masker.usubjid(usubjid, place) if masker else usubjid] = (row["arm"] or "").strip()
    return {u: a for u, a in out.items() if a}


def _read(release: Release, dataset: str, study: str) -> pl.DataFrame:
    files = sorted((release.folder / dataset / study).glob("*.parquet"))
    return (
        pl.concat([pl.read_parquet(f) for f in files], how="vertical_relaxed")
        if files
        else pl.DataFrame({"USUBJID": []}, schema={"USUBJID": pl.String})
    )


def _ways(frame: pl.DataFrame, name: str) -> Iterable[tuple[str, tuple[int, float, float]]]:
    """The ways of looking at a column that apply: (n participants, guess, p) each. A missing value is a value too."""
    kind = frame.schema[name]
    text = pl.col(name).cast(pl.String).fill_null("(none)")
    yield "value", _values(frame.select("USUBJID", "_arm", text.alias("v")))
    if kind == pl.String:
        shape = text.str.to_lowercase().str.replace_all(r"\p{L}+", "a").str.replace_all(r"\d+", "9")
        words = text.str.to_lowercase().str.replace_all(r"[\d\W_]+", " ").str.strip_chars()
        yield "shape", _values(frame.select("USUBJID", "_arm", shape.alias("v")))
        yield "letters", _values(frame.select("USUBJID", "_arm", words.alias("v")))
    else:
        number = pl.col(name).to_physical().cast(pl.Float64)
        mean = frame.select("USUBJID", "_arm", number.alias("v")).drop_nulls().group_by("USUBJID", "_arm").agg(pl.mean("v"))
        if mean.height >= MIN_PARTICIPANTS and mean.get_column("_arm").n_unique() > 1 and mean.get_column("v").n_unique() > 1:
            yield "rank", _ranks(mean)


def _values(frame: pl.DataFrame) -> tuple[int, float, float]:
    once = frame.unique()
    table = once.group_by("v", "_arm").len().pivot("_arm", index="v", values="len").fill_null(0).drop("v").to_numpy().astype(float)
    shared = table[table.sum(axis=1) >= 2]
    n = int(shared.sum())
    if len(shared) < 2 or (shared.sum(axis=0) > 0).sum() < 2:
        return n, 0.0, 1.0
    shared = shared[:, shared.sum(axis=0) > 0]
    expected = np.outer(shared.sum(axis=1), shared.sum(axis=0)) / n
    statistic = float(((shared - expected) ** 2 / expected).sum())
    return n, float(shared.max(axis=1).sum() / n), chi2_above(statistic, (shared.shape[0] - 1) * (shared.shape[1] - 1))


def _ranks(mean: pl.DataFrame) -> tuple[int, float, float]:
    """Kruskal-Wallis with the correction for ties; the guess is the best single cut between two arms."""
    ranked = mean.with_columns(pl.col("v").rank("average").alias("r")).sort("v", "_arm")
    n = ranked.height
    sums = ranked.group_by("_arm").agg(pl.sum("r").alias("s"), pl.len().alias("k"))
    ties = sum(t**3 - t for t in ranked.group_by("v").len().get_column("len"))
    h = 12 / (n * (n + 1)) * sum(s * s / k for s, k in sums.select("s", "k").iter_rows()) - 3 * (n + 1)
    h /= 1 - ties / (n**3 - n)
    arms, values = ranked.get_column("_arm").to_list(), ranked.get_column("v").to_list()
    best = 0
    for cut in (i for i in range(1, n) if values[i] != values[i - 1]):
        low, high = arms[:cut], arms[cut:]
        best = max(best, max(low.count(a) for a in set(low)) + max(high.count(a) for a in set(high)))
    return n, best / n, chi2_above(h, sums.height - 1)


def chi2_above(x: float, df: int) -> float:
    """P(chi-square with df degrees of freedom > x): the regularized upper incomplete gamma function Q(df/2, x/2).

    Series below a + 1, Lentz's continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31).
    """
    a, y = df / 2, x / 2
    if y <= 0:
        return 1.0
    scale = math.exp(-y + a * math.log(y) - math.lgamma(a))
    if y < a + 1:
        term = total = 1 / a
        for k in range(1, 1000):
            term *= y / (a + k)
            total += term
            if term < total * 1e-15:
                break
        return max(0.0, 1 - scale * total)
    b, c = y + 1 - a, 1e300
    d = h = 1 / b
    for k in range(1, 1000):
        an = -k * (k - a)
        b += 2
        d = 1 / (an * d + b or 1e-300)
        c = b + an / c or 1e-300
        h *= (delta := d * c)
        if abs(delta - 1) < 1e-15:
            break
    return scale * h
