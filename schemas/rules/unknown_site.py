"""Every row belongs to a site that is known.

Why: in an export of many sites a row without a known site cannot be placed.
Site: correct the site, or tell us the new site's name and time zone.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "loose_row"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The row's site is blank or not known; it is set aside under the name of the export, which is no site."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    return pl.col("fault") != "unknown_site"
