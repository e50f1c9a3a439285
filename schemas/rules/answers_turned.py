"""The answers of a form are not turned round.

Why: whoever fears one situation more than another does so at every visit, and so do most people; what is feared is avoided. A form, or a
half of it, that runs against the participant's own other forms, against the site's, or against its other half, most likely has 3 in the
place of 0 and so on. Asked only at sites whose forms agree otherwise (evidence file).
Site: compare the form with the paper: which number stands for which answer?
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_profile"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The answers run against the participant's other forms, the site's, or the other half; they may be turned round."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    against = evidence.turned_own_max.value
    first = (pl.col("first_own") <= against) & (pl.col("first_site") <= evidence.turned_beside_max.value)
    second = (pl.col("second_own") <= against) & (pl.col("second_site") <= evidence.turned_beside_max.value)
    site = (pl.col("own_site") <= evidence.turned_site_max.value) & (pl.col("usual_site") >= evidence.turned_usual_site.value)
    halves = (pl.col("halves") <= against) & (pl.col("usual_halves") >= evidence.profile_usual_own.value)
    return ~pl.any_horizontal(told.fill_null(value=False) for told in (first, second, site, halves))
