"""The answers of an administration are its own.

Why: twenty and more answers, of three and more kinds, do not come out the same twice by chance. The row was copied from another visit
or from another participant, or a participant is in the export under two identifiers. Shorter forms are not compared (evidence file).
Site: send the answers of this participant and visit; say whether two identifiers are one person.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_copy"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "All answers are the same as those of another administration."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """False: the table holds nothing but copies."""
    return pl.col("n_same") == 0


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Whose form it is the same as."""
    return pl.format("the same answers stand in a form of {}", pl.col("same_as"))
