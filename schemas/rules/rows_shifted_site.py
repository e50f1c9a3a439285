"""Answers stand in the row of the participant who gave them.

Why: a block pasted a row too low or too high gives every participant's first (or last) row the answers of the participant above (or below).
Totals move along and each row looks right. Two rows of one person are more alike than those of two; where, from some row on, each first
row is as like the row above as a person's rows are, and unlike the person's own next, the rows have moved. Of ratings and short forms it
is asked only where the site's participants differ from each other and their rows are in order of time.
Site: compare the answers of some participants with the paper, from the row named on. Data manager: the file as it was exported, before
anybody opened it, may be right.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.row_shift"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "From a row of the file on, the answers may have moved by a row: they fit the participant in the row beside."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    far, near = evidence.row_shift_far_ratio.value, evidence.row_shift_near_ratio.value
    least = evidence.row_shift_min_participants.value
    alike = pl.col("usual_across") <= near * pl.col("usual_inside")
    apart = (pl.col("usual_own") >= far * pl.col("usual_across")) & (pl.col("usual_own") >= far * pl.col("usual_inside"))
    is_long = pl.col("n_answers") >= evidence.row_shift_long_answers.value
    differ = is_long | ((pl.col("person_ratio") >= far) & pl.col("is_in_order"))
    each = pl.when(is_long).then(evidence.row_shift_each_min_long.value).otherwise(evidence.row_shift_each_min.value)
    near_all = pl.col("nearness") >= each * pl.col("n_edges")
    moved = (pl.col("n_edges") >= least) & (pl.col("nearness") >= evidence.row_shift_nearness_min.value) & near_all & alike & apart
    return pl.when((pl.col("n_all_edges") >= least) & differ).then(~moved)


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which instrument, which way, and how many participants show it."""
    return pl.format("{} moved {}, as {} participants from this row on show", pl.col("instrument"), pl.col("way"), pl.col("n_edges"))
