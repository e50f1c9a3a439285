"""Participants of a site are about as ill at baseline as at the next visit.

Why: where the forms of a file stand a row too low, each participant's baseline is the last visit of the participant above, after
treatment, and the own baseline counts as the next visit: changes have the wrong size, totals move along. A short scale's answers tell
less of it than the course does.
Site: compare some baselines with the paper. Data manager: the file as it was exported, before anybody opened it, may be right.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_score"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Most of the site's participants are far better at baseline than at the next visit; forms may stand a row off."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_begun") >= evidence.scores_rise_min.value
    return pl.when(many).then(100 * pl.col("n_low_first") < evidence.baseline_low_pct.value * pl.col("n_begun"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    return pl.format("in {} of {} participants", pl.col("n_low_first"), pl.col("n_begun"))
