"""Contract of adsuds: one row per exposure exercise."""

from __future__ import annotations

import polars as pl

from schemas.analysis.base import contract, promise

CONTRACT = contract(
    "adsuds",
    [
        promise("fear is on 0-100", pl.min_horizontal("SUDSBEG", "SUDSEND").ge(0) & pl.max_horizontal("SUDSBEG", "SUDSEND").le(100)),
    ],
)
