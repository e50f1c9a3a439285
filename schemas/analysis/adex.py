"""Contract of adex: one row per capsule that was to be taken."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adex",
    [
        promise("an amount only for a capsule taken", pl.col("EXDOSE").is_null() | (pl.col("EXOCCUR") != "N")),
        promise("no timing for a dose not taken", (pl.col("EXOCCUR") != "N") | pl.col("TIMCAT").is_null()),
        promise("unknown timing has its reason", (pl.col("TIMCAT") == "UNKNOWN") == pl.col("TIMREAS").is_not_null()),
        promise("known timing has its lag", pl.col("LAGSTRT").is_not_null() | pl.col("TIMCAT").fill_null("UNKNOWN").eq("UNKNOWN")),
    ],
)
