"""A value that was sent once stays what it is.

Why: sites correct single values. Where, under the same mapping, most of the values that both deliveries hold are other ones now, or many
changed in one way (by one function, in whole participants, with another column), a column was recoded, turned round, moved or written in
another unit, clock or scale, and each value alone looks right. Many that follow nothing are asked about (`values_changed_widely`).
Site: tell us what changed in the export, and since when. Data manager: correct the mapping (dated, where only newer deliveries are so), or,
where the site did correct its data, let the delivery pass with trialweave release-hold.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "delivery.field"
FIELD = ""
SEVERITY = Severity.REJECT
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Many values that were sent before are other ones now; the delivery is held and the last good data are carried."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: does not apply."""
    few = pl.col("n_changed") < evidence.hold_recoded_values.value
    return few | (100 * pl.col("n_changed") <= evidence.hold_recoded_pct.value * pl.col("n_both")) | ~pl.col("is_alike")
