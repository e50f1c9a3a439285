"""Contract of intake.dose: one row per capsule that was to be taken."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table
from schemas.intake.session import Instant


class Dose(Intake):
    """One capsule a participant was to take, as the site recorded it; arm-blind."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    session_no: pl.Int32 = pa.Field(nullable=True, ge=1, description="Session it was given for; null: to be linked by time.")
    time_point: str = pa.Field(nullable=True, isin=["PRE", "POST"], description="Planned before or after the session.")
    record_no: str = pa.Field(nullable=True, description="The site's own number of the record, where it has one.")
    taken: bool = pa.Field(nullable=True, description="Whether the capsule was taken.")
    dose_mg: float = pa.Field(nullable=True, gt=0, description="Nominal strength; null when unit or amount is not certain.")
    dose_as_recorded: str = pa.Field(nullable=True, description="The site's own text, such as 0.05 g or 2 x 25.")
    dosed_at_utc: Instant = pa.Field(nullable=True, description="When it was taken; never imputed.")


DOSE = Table(Dose, key=("subject_id", "session_no", "time_point", "dosed_at_utc", "record_no"), required=("subject_id",))
