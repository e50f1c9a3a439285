"""Contract of intake.rating: one row per exposure exercise with its fear ratings."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table


class Rating(Intake):
    """Subjective units of distress of one exercise, on 0-100 after the declared scale."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    session_no: pl.Int32 = pa.Field(ge=1, description="Session of the exercise.")
    exercise_no: pl.Int32 = pa.Field(ge=1, description="1 is the first exposure exercise of the session.")
    begin_suds: float = pa.Field(nullable=True, ge=0, le=100, description="Fear at the beginning, 0-100.")
    peak_suds: float = pa.Field(nullable=True, ge=0, le=100, description="Highest fear, 0-100.")
    end_suds: float = pa.Field(nullable=True, ge=0, le=100, description="Fear just before the end, 0-100.")
    scale: str = pa.Field(nullable=True, isin=["0-100", "1-100", "0-10", "0-8"], description="Scale as collected, declared.")


RATING = Table(Rating, key=("subject_id", "session_no", "exercise_no"), required=("subject_id", "session_no", "exercise_no"))
