"""Contract of adqs: one row per score of one assessment."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adqs",
    [
        promise("percent of maximum is on 0-100", pl.col("POMP").is_between(-0.000001, 100.000001)),
        promise("answered items are at most all items", pl.col("NANSW") <= pl.col("NITEMS")),
        promise("no change at baseline", (pl.col("ABLFL") != "Y") | pl.col("CHG").is_null()),
    ],
)
