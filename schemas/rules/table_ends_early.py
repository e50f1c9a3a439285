"""Medications and events are told of participants up to the last one.

Why: a file that was cut at the end of a row looks whole. Who stands behind the cut then takes no medication (antidepressant at baseline:
no) and has no event. Asked where records spread by chance would leave so many participants without any behind the last one that has some
once in a thousand sites; only files in the order of participants, and participants who have had half of the sessions, tell.
Site: send the whole file again, or say that these participants have none.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.table_end"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.COMPLETENESS
IMPACT = Impact.NONE
MESSAGE = "The records stop in the middle of the site's participants; the file may have been cut."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("by_chance") > evidence.table_end_by_chance.value


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many."""
    told = (pl.col(name) for name in ("table_name", "n_behind", "n", "n_with"))
    return pl.format("{}: none of the last {} of {} participants, of {} before them", *told)
