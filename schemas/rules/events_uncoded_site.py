"""Some of a site's adverse events have a term of the list.

Why: one event without a term is a new word or one misspelt. Where hardly one of many has a term, another column is most likely read for it
(the relation to treatment, a comment, a number of a form), or the terms are in a language that the list does not know: every event of the
site is left out of counts by term.
Data manager: look at the line that maps the event's words; add the site's words to the list of terms, if it is the right one.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_event"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "Hardly one of the site's adverse events has a term of the list; another column may be read for them."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: too few events to tell."""
    many = pl.col("n_reported") >= evidence.events_uncoded_min.value
    return pl.when(many).then(100 * pl.col("n_coded") >= evidence.events_coded_pct.value * pl.col("n_reported"))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    return pl.format("{} of {} events have a term", pl.col("n_coded"), pl.col("n_reported"))
