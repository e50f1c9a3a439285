"""All sessions and exercises of a subject are rated on one scale.

Why: a session, or one exercise of a session, whose ratings never pass 10 beside one that reaches many times as much looks like a sheet
on 0-10 among sheets on 0-100; a first session is held beside the first exercises of the site, too. Low fear at the end of a treatment is
no fault, nor is an exercise that begins where the one before it ended: the evidence file says how sharp the step must be, and ratings of
0, 5 and 10 alone are not asked about. Nothing is converted.
Site: say on which scale the sessions named were rated.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.subject_suds"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Some sessions' ratings look like 0-10 among others on the declared scale."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("mixed_sessions").is_null()


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Which sessions stand out."""
    return pl.format("on which scale was session {} rated?", pl.col("mixed_sessions"))
