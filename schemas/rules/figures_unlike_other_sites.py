"""The usual figures of a site lie among those of the other sites of its trial.

Why: a column mapped for another one (a planned time, the exposure for the session, a height for a weight, the begin for the peak) or a
clock of another zone gives values that are each possible. Asked of age, weight, the hour of sessions, their length, the exposure's delay,
the time from dose to session and fear, where the site's median lies outside what nine of ten values at each of at least three other sites
are, and theirs outside the site's; of five and more, at four fifths: sites with the same mistake do not hide each other. Nothing is
changed or held.
Data manager: look at the line that is named, and at one participant's file; waive this where the site is so.
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
MESSAGE = "The usual figure of a field lies apart from that of every other site of the trial; another column or clock may be mapped."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
