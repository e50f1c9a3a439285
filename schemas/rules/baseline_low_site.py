"""Participants of a site are about as ill at baseline as at the next visit.

Why: where the forms of a file stand a row too low, each participant's baseline is the last visit of the participant above, after
treatment, and the own baseline counts as the next visit: changes have the wrong size, totals move along. A short scale's answers tell
less of it than the course does. Asked of a whole site, and of the last participants of a file, where it was moved from some row on.
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
MESSAGE = "Most of the site's participants, or of the last in its file, are far better at baseline than later; forms may stand a row off."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_begun") >= evidence.scores_rise_min.value
    most = many & (100 * pl.col("n_low_first") >= evidence.baseline_low_pct.value * pl.col("n_begun"))
    last = pl.col("n_low_beyond").fill_null(0) >= evidence.baseline_low_beyond.value
    return pl.when(many | last).then(~(most | last))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many, and where they begin if they are the last ones."""
    last = pl.format("; nearly all of the last {} in the file are so", pl.col("n_last"))
    is_last = pl.col("n_low_beyond").fill_null(0) >= evidence.baseline_low_beyond.value
    whole = pl.format("in {} of {} participants", pl.col("n_low_first"), pl.col("n_begun"))
    return pl.concat_str(whole, pl.when(is_last).then(last).otherwise(pl.lit("")))
