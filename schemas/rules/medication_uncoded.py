"""A medication's name leads to an ingredient.

Why: an uncoded drug may be an antidepressant, so every decision about the participant's medication becomes U. A likeness is
only shown: look-alike names (citalopram, escitalopram) are more alike than true typing errors.
Site: correct or write out the name. Data manager: or decide on it with trialweave coding decide.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The name of a medication is not in the dictionary; it stays uncoded until the site corrects it or a person decides."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("codestat") != "AMBIGUOUS").then(~pl.col("codestat").is_in(["UNCODED", "FUZZY_REVIEW"]))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("cmsugg")
