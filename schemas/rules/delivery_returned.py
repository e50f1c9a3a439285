"""A delivery is newer than the one before.

Why: files that are byte for byte those of an earlier delivery, and not those of the last one, come from an older copy: a backup that was
restored, a folder of another day. What the site corrected and added since would be taken back without a trace.
Site: send the newest export. Data manager: where the site did take everything back, let it pass with trialweave release-hold.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.file"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Files of an earlier delivery came again in place of newer ones; the delivery is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    return pl.col("n_files") < evidence.hold_returned_files.value
