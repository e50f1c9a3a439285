"""Contract of adcm: one row per ingredient of a concomitant medication."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adcm",
    [
        promise("only coded drugs have an ingredient",
                pl.col("CMDECOD").is_null() | pl.col("CODESTAT").is_in(["EXACT_INGREDIENT", "EXACT_BRAND", "OVERRIDE"])),
    ],
)
