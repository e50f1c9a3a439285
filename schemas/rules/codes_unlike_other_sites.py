"""The coded words of a site are about as frequent as at the other sites of its trial.

Why: a code read the wrong way round (1 for women, 0 for attended, 3 for mild) gives a word that is allowed on every row, so that no row
looks wrong. The share then lies far from that of other sites. Asked where the site lies beyond each of at least three others by the
evidence file's points (of five and more, beyond four fifths: sites that make the same mistake do not hide each other), and beyond what
chance gives. Sites do recruit different people: nothing is changed or held.
Data manager: compare the map in the line that is named with the site's code book; waive this where the site is so.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.sites"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.BOTH
MESSAGE = "A coded word is far more or less frequent at the site than at every other site of its trial; its codes may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
