"""The codes of a column are those of its mapping.

Why: where a fifth of a column cannot be read, the site writes another code list (0 and 1 for 1 and 2, or words of another language), and
the codes that can be read may mean something else: they are published as they are read. Each unreadable one is withheld by unknown_code.
Site: say what each code of the column means. Data manager: correct the map of the field.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.code_share"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.TIMING
MESSAGE = "Many codes of a column are not in its mapping; those that are may mean something else."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: a column of which nothing can be read publishes nothing."""
    many = pl.col("n_unknown") * 100 >= evidence.unknown_codes_pct.value * pl.col("n_sent")
    enough = pl.col("n_unknown") >= evidence.unknown_codes_min.value
    return pl.when(pl.col("n_unknown") < pl.col("n_sent")).then(~(many & enough))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which column, and how many."""
    return pl.format("{} of {}: {} of {} codes", pl.col("field"), pl.col("of_table"), pl.col("n_unknown"), pl.col("n_sent"))
