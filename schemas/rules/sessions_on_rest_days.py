"""A site holds its sessions on the days of the week on which the other sites of its trial hold theirs.

Why: dates that are all some days off (a system that counts days from another one, an offset for pseudonyms) keep their distances and
their lags to the doses, which move along; the weekend does not move. Asked where a tenth of the sessions and more are on days on which
nearly every other site has next to none. Clinics that open on Saturdays are there: nothing is changed or held.
Data manager: ask the site whether it holds sessions on these days; compare one date with its paper file, then the format of the dates.
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
MESSAGE = "Many of the site's sessions are on days of the week on which the other sites hold none; their dates may be some days off."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a sign (flows/engine/beside.py)."""
    return pl.col("record_key").is_null()
