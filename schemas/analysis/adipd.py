"""Contract of adipd: one row per participant and scheduled visit, ready for an individual-participant meta-analysis."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adipd",
    [
        promise("ranks are on 0-100", pl.col("RANK100").is_between(0, 100)),
        promise("shares are on 0-1", pl.col("PCTWIN12").is_between(0, 1) & pl.col("PCTGT60").is_between(0, 1)),
    ],
)
