"""A form of the primary outcome does not fit its own place better in exchange with another form.

Why: two forms typed under each other's participant, or under each other's visit, are whole, in range, and their totals agree. Each then
lies off the course of its participant, the one too high, the other too low, and just where the other is due; and their answers go with the
forms around each other's place rather than with those around their own. Asked of both forms. Two that are much alike cannot be told.
Site: compare both forms with the paper: whose they are, and of which visit.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.form_place"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "This form and another one fit each other's place in the course far better than their own; they may have been exchanged."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated."""
    return pl.col("closer") < evidence.exchanged_closer.value


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """With which row."""
    whose = pl.when(pl.col("is_own")).then(pl.lit("of the same participant")).otherwise(pl.lit("of another participant, at the same visit"))
    return pl.format("the form in row {} of its file, {}", pl.col("other_row"), whose)
