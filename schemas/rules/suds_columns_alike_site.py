"""A site's peaks are more than its begins or its ends once more.

Why: fear begins below its peak in some exercises and ends below it in most. Where the peak is the begin (or the end) in nearly every
exercise of a site, one column was read or exported twice, and one of the two values is not known.
Site: say which column holds which rating. Data manager: compare the mapping with the heads of the columns.
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
MESSAGE = "The peak is the begin, or the end, in nearly all the site's exercises; one column may stand there twice."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: too few exercises to tell."""
    least, most = evidence.columns_alike_min.value, evidence.columns_alike_pct.value
    begins = (pl.col("n_begins") >= least) & (100 * pl.col("n_begin_is_peak") >= most * pl.col("n_begins"))
    ends = (pl.col("n_ends") >= least) & (100 * pl.col("n_end_is_peak") >= most * pl.col("n_ends"))
    return pl.when(pl.max_horizontal("n_begins", "n_ends") >= least).then(~(begins | ends))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """In how many."""
    words = "the peak is the begin in {} of {} exercises, the end in {} of {}"
    return pl.format(words, pl.col("n_begin_is_peak"), pl.col("n_begins"), pl.col("n_end_is_peak"), pl.col("n_ends"))
