"""A cell that nearly all of the site's rows fill is filled.

Why: an age, sex, weight, severity, relation, start of a medication, planned time point or answer that got lost (deleted, a merged row, a
join that failed) is published as missing, or filled by the person's mean, without a word. Asked of the only blank of a column, or of one
in a hundred; where more are blank, people leave it out, and it is at most noted (age_missing, sex_missing, medication_start_missing ...).
Site: send the value, or say that it is not known.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.blank_cell"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A cell of the record is blank, unlike nearly all of the site's."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("is_rare").not_()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which cell."""
    return pl.format("blank: {} ({})", pl.col("field"), pl.col("of_table"))
