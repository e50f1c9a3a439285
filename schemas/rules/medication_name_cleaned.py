"""A medication's name is the ingredient's own name.

Why: a brand name, another language, a strength or form in the name are put right by a written rule (flows/engine/coding), never
silently. The text as sent stays in CMTRT.
Site: nothing; it is noted.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.medication"
FIELD = "verbatim"
SEVERITY = Severity.NOTE
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "A brand name, or a strength or form in the drug's text, was corrected by a written rule."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.when(pl.col("is_coded") & (pl.col("part_no") == 1)).then(
        (pl.col("codestat") == "EXACT_INGREDIENT") & (pl.col("cmmodify") == pl.col("verbatim").str.strip_chars().str.to_lowercase())
    )


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What a person is to look at."""
    return pl.col("ingredient")
