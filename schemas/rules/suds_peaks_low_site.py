"""Begin, peak and end of a site's exercises belong together.

Why: a peak below begin or end is a slip in one exercise. In many of a site's exercises it means that one of the columns was moved by a
row or comes from elsewhere, so that those that look right are wrong as well.
Site: compare some exercises with the paper, row by row, and export them again.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_suds"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "In many of the site's exercises the peak is below begin or end; one column may be moved by a row."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    low = 100 * pl.col("n_low_peaks") >= evidence.peaks_low_pct.value * pl.col("n_peaks")
    return ~(low & (pl.col("n_low_peaks") >= evidence.peaks_low_min.value))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    return pl.format("in {} of {} exercises", pl.col("n_low_peaks"), pl.col("n_peaks"))
