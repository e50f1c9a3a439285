"""Every code is in the mapping's or the contract's list.

Why: a code nobody declared means nothing; silence would turn it into a missing value.
Site: tell us what the code means, or correct it.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Fault, Impact, Severity

TABLE = "*"
FIELD = "*"
SEVERITY = Severity.WITHHOLD
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "The code is in no declared list; the value is withheld."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """See the module's docstring."""
    sent = pl.col(f"{field}_raw").is_not_null() | pl.col(f"{field}_fault").is_not_null()
    return pl.when(sent).then(pl.col(f"{field}_fault").ne_missing(str(Fault.UNKNOWN_CODE)))


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """Where the code belongs; the code itself may be anything a person typed, so it is not repeated."""
    return pl.lit(f"add the code to the map of {field} in site.yaml; trialweave propose STUDY/SITE shows the codes")
