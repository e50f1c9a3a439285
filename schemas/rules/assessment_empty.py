"""An assessment has an answer or a total.

Why: a row that says only that there was a visit gives no score. Of a wide file a row that has a date and nothing else is one where
all that reads the file are questionnaires; a row of a flat export (REDCap) may be there for another table.
A note and no query: many systems lay an empty form for each visit, and each would be asked about; where a form is missing against what the
site's others and the participant's later visits show, visit_missing asks once, and an empty form counts as missing there.
Site: nothing, when the questionnaire was not filled in; else send the answers.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_check"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "An assessment has neither answers nor a total."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return (pl.col("n_answered") > 0) | (pl.col("n_faulty") > 0) | pl.col("has_total")
