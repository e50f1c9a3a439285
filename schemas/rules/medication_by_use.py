"""A somatic drug that is counted as psychotropic is taken for a psychiatric reason.

Why: hydroxyzine, promethazine, propranolol, prazosin, clonidine and guanfacine are psychotropic or not by what they are taken for;
they count as psychotropic and are to be reviewed (DOMAIN C1).
Site: nothing; it is noted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.NOTE
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The drug is counted as psychotropic, but its indication decides; it should be reviewed."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_by_use")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("ingredient")
