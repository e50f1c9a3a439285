"""Contract of intake.randomization: the arm of each participant. Read only where the trial is not blinded."""

from __future__ import annotations

import pandera.polars as pa

from schemas.intake.base import Intake, Table


class Randomization(Intake):
    """One participant's arm; restricted."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    arm: str = pa.Field(description="Arm code of the trial file.")
    number: str = pa.Field(nullable=True, description="Randomization number.")


RANDOMIZATION = Table(Randomization, key=("subject_id",), required=("subject_id", "arm"))
