"""Contract of intake.medication: one row per concomitant medication a site reports."""

from __future__ import annotations

import pandera.polars as pa

from schemas.intake.base import Intake, Table

#: ISO 8601 right-truncated, or with the month unknown (2019---15), as SDTM --DTC writes partial dates.
PARTIAL_DATE = r"^\d{4}(-\d{2}(-\d{2})?|---\d{2})?$"


class Medication(Intake):
    """One medication, as the site wrote it; coding comes later."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    verbatim: str = pa.Field(description="Name of the drug as reported.")
    started_on: str = pa.Field(nullable=True, str_matches=PARTIAL_DATE, description="ISO 8601, may be partial.")
    ended_on: str = pa.Field(nullable=True, str_matches=PARTIAL_DATE, description="ISO 8601, may be partial.")
    ongoing: bool = pa.Field(nullable=True, description="Whether it was still taken when reported.")
    dose_text: str = pa.Field(nullable=True, description="Dose as reported.")
    indication: str = pa.Field(nullable=True, description="Why it was taken, as reported.")
    record_no: str = pa.Field(nullable=True, description="The site's own number of the record, where it has one.")


MEDICATION = Table(Medication, key=("subject_id", "verbatim", "started_on", "record_no"), required=("subject_id", "verbatim"))
