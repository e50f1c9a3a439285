"""Contract of adae: one row per adverse event."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adae",
    [
        promise("special interest has its category", (pl.col("AESIFL") == "Y") == pl.col("AESICAT").is_not_null()),
    ],
)
