"""Contract of adref: one row per trial and parameter: the baseline that scores are standardized on."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adref",
    [
        promise("a spread needs two subjects", pl.col("SD").is_null() | (pl.col("N") >= 2)),
    ],
)
