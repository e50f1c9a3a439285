"""Contract of adsess: one row per session."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adsess",
    [
        promise("fear is on 0-100", pl.col("SUDSEND").is_between(0, 100) & pl.col("SUDSBEG").is_between(0, 100)),
        promise("duration is not negative", pl.col("DURMIN") >= 0),
    ],
)
