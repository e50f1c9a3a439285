"""A rating of severity is not at the other end of its scale at one visit alone.

Why: a number that was mistyped, or another participant's, is in range, and a scale of one question has no other answers to tell of it.
Asked of questionnaires that are not the primary outcome, where a form lies half of the scale and more from both the visit before and the
one after, on the same side of them, and eight times as far from their middle as the site's forms usually do: where people change as much
from visit to visit nothing is asked.
Site: check the form against the paper, and whose it is.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.scale_jump"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.NONE
MESSAGE = "The questionnaire's score is far away from both the visit before and the one after, as it is hardly ever at the site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    far = pl.col("off_course") >= evidence.scale_jump_times.value * pl.col("usual_off")
    many = pl.col("n_between") >= evidence.scale_jump_min_forms.value
    return pl.when(many).then(~(far & (pl.col("apart") >= evidence.scale_jump_pomp.value)))
