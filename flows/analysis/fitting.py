"""The models, one effect each, fitted to one trial.

What belongs here: formulas, what makes an effect not estimable, numbers of a fit. What does not: pooling (pooling.py).

All outcomes are on 0-100, higher is worse: an effect below zero favours D-cycloserine. Participants are analysed as randomized, with a
random intercept each (and a random slope where time is in question); observations that are missing are taken to be missing at random.
Intervals and p are those of the normal approximation: with few participants they are too narrow.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flows.analysis.reading import Rows

#: Two-sided 95 %.
Z = 1.959963984540054
#: In the order they are tried; L-BFGS, the library's first choice, steps too far at its start and ends in a singular matrix.
METHODS = ("bfgs", "powell")
#: Participants an arm needs.
FEW = 5


@dataclass(frozen=True)
class Question:
    """One effect: its name, what one unit of it is, the rows, the formula, the term, the random part."""

    name: str
    title: str
    unit: str
    rows: str
    formula: str
    term: str
    needs: tuple[str, ...]
    slope: bool = False


QUESTIONS = (
    Question("group_time", "Group x time", "points a week", "visits", "outcome ~ week * active", "week:active", ("week", "active"), True),
    Question("fear_fall", "Group x fall of fear in the session, on the next assessment", "points for 10 SUDS", "sessions",
             "outcome ~ before + fall * active", "fall:active", ("fall", "active")),
    Question("dose_count", "Group x doses so far, at most nine", "points a dose", "after", "outcome ~ baseline + week + doses * active",
             "doses:active", ("doses", "active")),
    Question("over60", "Group x share of doses more than 60 min before exposure", "points, all against none", "after",
             "outcome ~ baseline + week + over60 * active", "over60:active", ("over60", "active")),
    Question("antidepressant", "Group x antidepressant at baseline", "points, with against without", "after",
             "outcome ~ baseline + week + antidepressant * active", "antidepressant:active", ("antidepressant", "active")),
)  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """One effect in one trial, or pooled. Without an estimate `note` says why; else it may say what was left out of the model."""

    study: str
    question: Question
    people: int
    rows: int
    estimate: float | None = None
    error: float | None = None
    note: str = ""
    tau: float | None = None

    @property
    def low(self) -> float | None:
        """Lower limit of the 95 % interval."""
        return None if self.estimate is None or self.error is None else self.estimate - Z * self.error

    @property
    def high(self) -> float | None:
        """Upper limit of the 95 % interval."""
        return None if self.estimate is None or self.error is None else self.estimate + Z * self.error

    @property
    def p(self) -> float | None:
        """Two-sided p of no effect."""
        return None if self.estimate is None or not self.error else math.erfc(abs(self.estimate / self.error) / math.sqrt(2))


def effects(found: Rows, studies: Sequence[str]) -> list[Effect]:
    """Every question asked of every trial, in this order."""
    frames = {"visits": found.visits, "after": found.visits[found.visits.is_after.astype(bool)], "sessions": found.sessions}
    return [ask(q, study, frames[q.rows][frames[q.rows]["STUDYID"] == study]) for q in QUESTIONS for study in studies]


def ask(question: Question, study: str, frame: pd.DataFrame) -> Effect:
    """Fit one model; rows where something it needs is not known are left out."""
    columns = [c for c in ("outcome", "baseline", "before", "week", *question.needs) if c in frame.columns and c in _words(question)]
    columns = list(dict.fromkeys([*columns, "outcome"]))
    used = frame.dropna(subset=columns).sort_values(["USUBJID", *columns]).reset_index(drop=True)
    used[columns] = used[columns].astype(float)
    people, n = used.USUBJID.nunique(), len(used)
    by_arm = used.groupby("active").USUBJID.nunique()
    if len(by_arm) < 2 or by_arm.min() < FEW:
        return Effect(study, question, people, n, note=f"fewer than {FEW} participants with known values in an arm")
    for name in question.needs:
        if name != "active" and used.groupby("active")[name].nunique().min() == 1:
            return Effect(study, question, people, n, note=f"{name} is the same for everybody in an arm")
    return _fit(question, study, used, people)


def _words(question: Question) -> set[str]:
    return set(question.formula.replace("~", " ").replace("+", " ").replace("*", " ").split())


def _fit(question: Question, study: str, used: pd.DataFrame, people: int) -> Effect:
    """A mixed model; without the random slope, then without a random part, where that cannot be estimated, which is noted."""
    import statsmodels.formula.api as smf

    several = used.USUBJID.value_counts().max() > 1
    tries = [("~week", "")] if question.slope else []
    tries += [("1", "no random slope" if question.slope else "")] if several else []
    for (random, note), method in ((t, m) for t in tries for m in METHODS):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                model = smf.mixedlm(question.formula, used, groups="USUBJID", re_formula=random)
                fit = model.fit(reml=True, method=[method])
            except (np.linalg.LinAlgError, ValueError):
                continue
        bad = any(word in str(w.message).lower() for w in said for word in ("converge", "singular", "boundary"))
        bad |= fit.scale < 1e-6 * used.outcome.var()  # nothing is left to explain within participants
        error = float(fit.bse.get(question.term, math.nan))
        if fit.converged and not bad and math.isfinite(error) and error > 0:
            return Effect(study, question, people, len(used), float(fit.params[question.term]), error, note)
    plain = smf.ols(question.formula, used).fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(used.USUBJID)[0]})
    error = float(plain.bse.get(question.term, math.nan))
    if not math.isfinite(error) or error <= 0:
        return Effect(study, question, people, len(used), note="the model cannot be fitted")
    note = "no random part: least squares, errors clustered by participant" if several else "one row a participant: least squares"
    return Effect(study, question, people, len(used), float(plain.params[question.term]), error, note)
