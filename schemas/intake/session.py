"""Contract of intake.session: one row per planned or held treatment session."""

from __future__ import annotations

from typing import Annotated

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table

Instant = Annotated[pl.Datetime, "us", "UTC"]


class Session(Intake):
    """One session: whether it was held, and when it and its first exposure began and ended."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    session_no: pl.Int32 = pa.Field(ge=1, description="1 is the first treatment session of the protocol.")
    attended: bool = pa.Field(nullable=True, description="Whether the participant came.")
    started_at_utc: Instant = pa.Field(nullable=True, description="Start of the session.")
    exposure_started_at_utc: Instant = pa.Field(nullable=True, description="Start of the first exposure, where recorded.")
    ended_at_utc: Instant = pa.Field(nullable=True, description="End of the session.")


SESSION = Table(Session, key=("subject_id", "session_no"), required=("subject_id", "session_no"))
