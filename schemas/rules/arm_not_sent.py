"""In a trial that is no longer blinded the arm of every randomized participant is known.

Why: a participant whom no randomization list names is in the sets with an empty TRT01P, and drops out of every comparison of arms; at a
site whose list is not mapped that is everybody. A list that was read under another identifier looks the same.
Site: send the participant's row of the randomization list.
Data manager: map the table `randomization` of the site, if it is not; without it no participant of the site has an arm.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_baseline"
FIELD = "arm"
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "The trial is no longer blinded, and no randomization list names the arm of this randomized participant."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_without_arm")
