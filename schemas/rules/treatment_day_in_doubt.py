"""A participant's first and last day of treatment rest on doses whose records stand.

Why: the first (last) taken dose gives TRTSDT (TRTEDT), and with them the treatment emergence of adverse events and what counts as taken
before. A dose half a day or more from its session, before the consent or after the withdrawal is kept as sent and asked about by its own
finding; without it the day would be another one. The note tells who reads adsl; only the dose's own finding is sent to the site.
Reader: wait for the answer, or leave the day out.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.treatment_day"
FIELD = ""
SEVERITY = Severity.NOTE
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The first or last day of treatment rests on a dose whose record is in doubt."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("in_doubt").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which days."""
    return pl.format("{} may be another day", pl.col("in_doubt"))
