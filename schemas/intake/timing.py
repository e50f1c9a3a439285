"""Contract of core.dose_timing: where a dose has met its session.

What belongs here: what must hold of every measured dose whatever the trial. What does not: windows and caps (config/), asking
about odd timings (schemas/rules/).
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

CATEGORIES = ("PRE_GE4H", "PRE_2_4H", "PRE_1_2H", "PRE_LT1H", "DURING", "POST_IMM", "POST_LATE", "UNKNOWN")
REASONS = (
    "NO_DOSE_TIME", "NO_SESSION", "NO_SESSION_TIME", "AMBIGUOUS_LOCAL_TIME", "NONEXISTENT_LOCAL_TIME", "IMPLAUSIBLE_LAG",
)  # fmt: skip


class DoseTiming(pa.DataFrameModel):
    """One dose with its lag; a dose not taken has no category, an unknown one has its reason."""

    timing: str = pa.Field(nullable=True, isin=CATEGORIES, description="Category on the lag to session start.")
    timing_reason: str = pa.Field(nullable=True, isin=REASONS, description="Why the timing is unknown.")
    taken: bool = pa.Field(nullable=True, description="Whether the capsule was taken.")
    lag_to_start_min: float = pa.Field(nullable=True, description="Minutes from dose to session start; positive: before.")

    class Config:
        """Nothing more, nothing less than the columns named."""

        strict = True

    @pa.dataframe_check
    @classmethod
    def unknown_has_a_reason(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """UNKNOWN and only UNKNOWN carries a reason."""
        unknown = (pl.col("timing") == "UNKNOWN").fill_null(False)
        return data.lazyframe.select(unknown == pl.col("timing_reason").is_not_null())

    @pa.dataframe_check
    @classmethod
    def known_timing_was_measured(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A category other than UNKNOWN rests on a lag."""
        known = (pl.col("timing") != "UNKNOWN").fill_null(False)
        return data.lazyframe.select(~known | pl.col("lag_to_start_min").is_not_null())

    @pa.dataframe_check
    @classmethod
    def nothing_is_timed_that_was_not_taken(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A dose not taken has neither category nor reason."""
        left = ~pl.col("taken").fill_null(True)
        return data.lazyframe.select(~left | pl.col("timing").is_null())
