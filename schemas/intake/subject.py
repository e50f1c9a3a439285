"""Contract of intake.subject: one row per participant."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table


class Subject(Intake):
    """One participant, as the site knows them at consent."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    age_years: float = pa.Field(nullable=True, ge=0, description="Age at consent.")
    sex: str = pa.Field(nullable=True, isin=["M", "F", "U", "INTERSEX"], description="CDISC SEX.")
    weight_kg: float = pa.Field(nullable=True, gt=0, description="Weight at baseline, converted from the declared unit.")
    consented_on: pl.Date = pa.Field(nullable=True, description="Date of informed consent.")
    randomized_on: pl.Date = pa.Field(nullable=True, description="Date of randomization; null: not randomized.")


SUBJECT = Table(Subject, key=("subject_id",), required=("subject_id",))
