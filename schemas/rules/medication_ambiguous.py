"""A medication's name has one meaning.

Why: an abbreviation such as AMI stands for several drugs, and "sertraline or fluoxetine" or "sertraline?" is no statement.
Site: write out the drug. Data manager: or decide with trialweave coding decide.
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
MESSAGE = "The name of a medication can mean several drugs, or the site was not sure; it stays uncoded."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("codestat") != "AMBIGUOUS"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("cmsugg")
