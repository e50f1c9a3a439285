"""Every participant is one person, under one identifier.

Why: somebody entered twice counts twice, with all doses and scores. Sex, age, weight, consent and randomization together, or all
ratings of fear, do not agree between two people by chance.
Site: say whether the two are one person, and which identifier is right.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_twin"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "The participant looks like another one under a second identifier."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """False: the table holds nothing but twins."""
    return pl.col("same_as").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Who the other one is."""
    return pl.format("compare with {}", pl.col("same_as"))
