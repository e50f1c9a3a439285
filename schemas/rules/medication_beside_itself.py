"""A drug is not reported twice for the same time.

Why: two records of one drug that go on side by side are one medication entered twice, or a change of dose whose end was not written down;
both dates decide whether the drug counts as chronic. Records that follow each other within a month are a change of dose,
and records with the same start are told as one drug reported twice.
Site: end the first record, or take the second one out.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "started_on"
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "An earlier record of the same drug goes on for long after this one began."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    beside = (pl.col("days_beside") > evidence.medication_beside_days.value).fill_null(False)
    return pl.when(pl.col("times_reported") == 1).then(~beside)
