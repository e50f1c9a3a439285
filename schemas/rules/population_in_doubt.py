"""No record in doubt could move a participant into or out of an analysis population.

Why: ITTFL, SAFFL and PPROTFL are Y or N by what is certain: a day of randomization that stands, a dose that was surely taken, no
deviation that is surely one. A value that is withheld, a record in quarantine, a dose of unknown taking or a drug without a code may
change them once it is settled; the suggestion names the flags. The record itself is told of by its own finding, and only that one is
sent to the site.
Reader: leave such participants out of a sensitivity analysis, or wait for the answer.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.population"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "A record in doubt could change a population flag of the participant."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("in_doubt").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which flags."""
    return pl.format("{} may change", pl.col("in_doubt"))
