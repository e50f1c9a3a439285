"""Contract of intake.disposition: withdrawals."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table


class Disposition(Intake):
    """One participant who left the trial."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    withdrawn_on: pl.Date = pa.Field(nullable=True, description="Date of withdrawal.")
    reason: str = pa.Field(nullable=True, description="Reason as reported.")
    scope: str = pa.Field(nullable=True, isin=["stop", "remove"], description="Stop collecting, or remove all data.")


DISPOSITION = Table(Disposition, key=("subject_id",), required=("subject_id",))
