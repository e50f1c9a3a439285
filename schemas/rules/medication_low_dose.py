"""An antidepressant or antipsychotic is not taken at a dose that is mostly given for sleep or pain.

Why: trazodone up to 100 mg, amitriptyline up to 25 mg, doxepin up to 6 mg (DOMAIN C1) or quetiapine up to 100 mg a day is rarely a
treatment of the disorder; it still counts in its class. The doses stand in codelists/medications.csv, review_to_mg. Only a dose
written as one number of mg is compared.
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
MESSAGE = "The dose is one mostly given for sleep or pain; the drug still counts in its class and should be reviewed."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return ~pl.col("is_low_dose")


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("ingredient")
