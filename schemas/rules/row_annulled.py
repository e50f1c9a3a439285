"""No row that is read says, in a column that nothing reads, that it was taken back.

Why: many systems keep what was deleted, marked invalid or entered as a test in their exports, and SDTM keeps what did not occur (CMOCCUR N:
a drug that was asked about and is not taken) or was only planned (ECMOOD SCHEDULED); such a row reads like all others.
Site: say what the column means; where such rows do not count, leave them out by `where` and name them in `ignore_rows`; else name the
column in `ignore_columns`.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "row_mark"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "A column that nothing reads says that the row was deleted, is a test or did not occur; it is read like all others."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every such row of the table is one."""
    return pl.col("kind") != "annulled"


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which column."""
    return pl.when(pl.col("kind") == "annulled").then(pl.format("column {}", pl.col("columns")))
