"""The adverse events of a file stand beside their own participants.

Why: participants, or dates, pasted a row too low give each event to another participant. It then lies before the consent or long after
the last visit of many at once, and within the time in the trial once the participant beside is taken. Every event of the file is asked
about, because those that fit by chance are another participant's as well.
Site: compare the participants and dates of the whole file with the source documents.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.event_course"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The adverse events of the file fit the time in the trial of other participants better than their own: rows may have moved."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = pl.col("n_off") >= evidence.event_shift_min.value
    many &= 100 * pl.col("n_off") >= evidence.event_shift_pct.value * pl.col("n_events")
    return ~(many & (pl.col("n_left") <= evidence.event_shift_left.value * pl.col("n_off")))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Whose time they fit."""
    told = "{} of {} events lie outside the time of their participant, {} outside that of {}"
    return pl.format(told, pl.col("n_off"), pl.col("n_events"), pl.col("n_left"), pl.col("way"))
