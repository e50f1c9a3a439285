"""Contract of adsl: one row per participant."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adsl",
    [
        promise("counts are not negative", pl.min_horizontal("NDOSE", "NSESS", "NDV") >= 0),
        promise("capped doses are at most all doses", pl.col("NDOSECAP") <= pl.col("NDOSE")),
        promise("no arm while blinded", (pl.col("BLINDFL") != "Y") | (pl.col("TRT01P").is_null() & pl.col("TRT01A").is_null())),
        promise("population flags are never null", pl.all_horizontal(pl.col("ITTFL", "SAFFL", "PPROTFL", "WDFL", "BLINDFL").is_not_null())),
        promise("first dose not after last", pl.col("TRTSDT") <= pl.col("TRTEDT")),
    ],
)
