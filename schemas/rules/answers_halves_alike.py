"""The two halves of a questionnaire are not the same.

Why: fear and avoidance of a situation are rated apart. One form with one half in the place of the other, where hardly any form of the
site is so and no other one of the participant, was most likely copied. A form with hardly any answer but the lowest is not asked about.
Site: check both halves of the form against the paper.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.score_jump"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "The second half of the answers is the first one, unlike in the site's other forms."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_halves") >= evidence.halves_rare_min_forms.value) & (pl.col("n_items") >= evidence.copied_min_answers.value)
    rare = (100 * pl.col("n_alike") <= evidence.halves_rare_pct.value * pl.col("n_halves")) & (pl.col("n_own_alike") == 1)
    told = (pl.col("n_different") >= evidence.copied_min_different.value) & (pl.col("pomp") >= evidence.halves_min_pomp.value)
    return pl.when(many & rare).then(~(pl.col("is_half_alike") & told.fill_null(value=False)))
