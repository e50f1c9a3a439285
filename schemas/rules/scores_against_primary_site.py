"""A questionnaire of a site does not grow worse while its primary outcome gets better.

Why: nearly everybody who changes grows worse on one scale of distress alone: its answers are most likely turned round (0 for the worst),
and a total that was added up from them agrees. Asked where more grow worse than chance explains (three standard deviations of a coin) and
most get better in the primary outcome.
Site: compare a paper form with what was sent, and say what the numbers mean. Data manager: map the codes, if they stay so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_scale"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Nearly all the site's participants grow worse on this questionnaire while they get better in the primary outcome."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    changed, beyond = pl.col("n_worse") + pl.col("n_better"), pl.col("n_worse") - pl.col("n_better")
    chance = evidence.scores_against_sd.value
    better = 100 * pl.col("n_primary_better") >= evidence.scores_against_better_pct.value * pl.col("n_primary")
    many = 100 * pl.col("n_worse") >= evidence.scores_rise_pct.value * changed
    told = better & many & (beyond > 0) & (beyond * beyond >= chance * chance * changed)
    return pl.when(changed >= evidence.scores_rise_min.value).then(~told)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    changed = pl.col("n_worse") + pl.col("n_better")
    return pl.format("{} is worse at the last visit in {} of {} participants who changed", pl.col("instrument"), pl.col("n_worse"), changed)
