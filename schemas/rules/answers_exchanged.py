"""The answers of a form do not go with another participant's forms, and that one's with this participant's.

Why: of two forms typed under each other's participant at one visit the totals may fit both courses. Most people answer in their own way
from visit to visit, and how a form rises and falls over its items tells whose it is. Asked where the site's participants differ so, both
forms are nearer to each other's others (evidence file: exchanged_closer), and item by item the two differ as the others do the wrong way
round.
Site: compare both forms with the paper: whose they are.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_crossing"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "This form's answers go with another participant's other forms, and that one's with this participant's; they may be exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated."""
    return pl.col("crossing_sd") < evidence.exchanged_crossing_sd.value


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """With which row."""
    return pl.format("the form in row {} of its file, of another participant, at the same visit", pl.col("other_row"))
