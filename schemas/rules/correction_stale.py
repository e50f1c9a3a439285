"""A correction still meets the text it corrects.

Why: corrections.yaml holds known errors of the source. When the site sends the record differently, or no longer, the correction
is not applied: the new text may already be right. Data manager: look at the record, then change or delete the correction.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "stale_correction"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "A correction in corrections.yaml no longer matches what the site sends; it is not applied."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every row of the table is such a correction."""
    return pl.col("record_key").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Whether the record is there at all: a key that was never right is mended otherwise than a text that changed."""
    there = "the record is there, but its text is another than as_sent; `trialweave findings --show-values` shows texts as sent"
    gone = "no record of the newest data has this key: it is written like a finding's record_key, each part as the site sends it"
    return pl.when(pl.col("is_there")).then(pl.lit(there)).otherwise(pl.lit(gone))
