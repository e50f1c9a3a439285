"""A site's forms agree in which items are answered high.

Why: where a good part of a site's forms runs against the others, or one half of its forms against the other, some of them have their
answers turned round, and nobody can tell which. Asked only where the forms otherwise have much in common (evidence file).
Site: say for some forms which number stands for which answer, and whether that is the same in all forms.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "core.site_profile"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.PLAUSIBILITY
IMPACT = Impact.PRIMARY
MESSAGE = "Many of the site's forms run against its others, or one half against the other; answers may be turned round."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    many = (pl.col("n_sampled") >= evidence.profile_min_participants.value) & (pl.col("usual_own") >= evidence.profile_usual_own.value)
    common = many & (pl.col("usual_site") >= evidence.turned_usual_site.value)
    split = common & (100 * pl.col("n_against") >= evidence.turned_site_pct.value * pl.col("n_forms"))
    halves = many & (pl.col("usual_halves") <= evidence.turned_own_max.value)
    return ~(split.fill_null(value=False) | halves.fill_null(value=False))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """How many of those looked at."""
    return pl.format("{} of {} forms looked at", pl.col("n_against"), pl.col("n_forms"))
