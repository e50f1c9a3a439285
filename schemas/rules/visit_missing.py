"""A participant who came back has the form of each visit before.

Why: a form that was lost on the way leaves no row to ask about, and the lagged outcome then is that of a later visit. Asked where nearly
all others of the site have the form and the participant has one of a later visit.
Site: send the form, or tell us that the visit was missed.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.visit_gap"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.PRIMARY
MESSAGE = "A form is missing at a visit, although nearly all others of the site have it and the participant has a later one."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("missing_visits").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which visits."""
    return pl.format("{}: visit {}", pl.col("instrument"), pl.col("missing_visits"))
