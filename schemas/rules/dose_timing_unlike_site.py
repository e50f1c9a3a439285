"""A participant's doses lie about where the site's other doses lie, relative to the session.

Why: where every dose of a participant lies on the same side of the site's usual lag, far from it, one of the two clocks is most likely
another one (a phone in UTC, a diary in summer time): each dose may still look possible. The limits stand in the evidence file.
Site: check in which clock the participant's doses and sessions were written.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_clock"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.TIMING
MESSAGE = "All doses of the participant lie far from the site's usual lag, on one side of it."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_doses") >= evidence.clock_min_doses.value) & (pl.col("n_site_doses") >= evidence.clock_min_site_doses.value)
    each, usual = evidence.clock_each_min.value, evidence.clock_usual_min.value
    earlier = (pl.col("least_shift_min") >= each) & (pl.col("usual_shift_min") >= usual)
    later = (pl.col("most_shift_min") <= -each) & (pl.col("usual_shift_min") <= -usual)
    return pl.when(many).then(~(earlier | later))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How far."""
    shift = pl.col("usual_shift_min")
    side = pl.when(shift > 0).then(pl.lit("earlier")).otherwise(pl.lit("later"))
    return pl.format("the doses lie about {} min {} than the site's others", shift.abs().round(0).cast(pl.Int64), side)
