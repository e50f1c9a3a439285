"""Forms that are of their session's day stay so.

Why: where the dates of sessions and doses move together (an export in another zone, a date that is filled in by the day of entry), every
lag stays right and each date alone looks right; so do the dates of forms that move alone. At a site whose forms are filled in on the day of
the session the one tells on the other: from one row of a file, or one day, on all of them lie the same days beside it.
Site: tell us since when forms are filled in on another day than the session's, or which of the dates are wrong.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_step"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "From one row or day on, all the site's forms lie the same days beside their sessions; dates of one may have moved."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_after") >= evidence.form_step_min.value) & (pl.col("n_subjects") >= evidence.form_step_subjects.value)
    known = pl.col("n_before") >= evidence.form_step_usual_min.value
    return pl.when(many & known).then(100 * pl.col("n_usual") < evidence.form_step_usual_pct.value * pl.col("n_before"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """By how many days, since when, in how many."""
    return pl.format(
        "{} days beside the session from {} on, in {} forms of {} participants; {} of {} before were of its day",
        pl.col("off_days"), pl.col("since"), pl.col("n_after"), pl.col("n_subjects"), pl.col("n_usual"), pl.col("n_before"),
    )  # fmt: skip
