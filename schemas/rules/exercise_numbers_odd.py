"""The exercises of a session are numbered 1, 2, 3 ... without a gap.

Why: the session's begin is the first exercise's and its end the last one's. A number such as 11 for 1, or an exercise that was not
sent, may make another exercise the first or the last: begin or end of the session is then unknown where the numbers do not tell it.
Site: check the exercise numbers of the session, or send the exercise that is missing.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.session_exercise"
FIELD = "exercise_no"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = (
    "The exercises of this session are not numbered 1, 2, 3 ... without a gap; which was the first or the last is not certain, "
    "and what of the session rests on it is left unknown."
)


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: an exercise of the session is in quarantine, which has its own finding."""
    return pl.col("is_numbered")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """The numbers as sent."""
    return pl.format("numbers sent: {}", pl.col("numbers"))
