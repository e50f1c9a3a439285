"""Contract of addv: one row per protocol deviation."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "addv",
    [
        promise("every deviation is named", pl.col("DVDECOD").is_not_null() & pl.col("DVCAT").is_not_null()),
    ],
)
