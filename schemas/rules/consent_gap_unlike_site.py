"""Randomization follows consent about as soon as it does at the site.

Why: consent two or four months before randomization, at a site that randomizes within weeks, has most often a wrong month, or day and
month exchanged. Longer waits are asked about by consent_far_from_randomization.
Site: check both dates.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.consent_gap"
FIELD = "consented_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Consent lies several times as long before randomization as is usual at the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_participants") >= evidence.enrolled_min_participants.value
    most = pl.max_horizontal(
        pl.lit(evidence.consent_gap_min_days.value),
        evidence.consent_gap_ratio.value * pl.col("usual_gap_days"),
        evidence.consent_gap_long_ratio.value * pl.col("long_gap_days"),
    )
    short = pl.col("gap_days") <= evidence.consent_to_randomization_max_days.value
    return pl.when(many & short).then(pl.col("gap_days") < most)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How long, beside the usual."""
    return pl.format("{} days; usual at the site: {}", pl.col("gap_days"), pl.col("usual_gap_days").round(0).cast(pl.Int64))
