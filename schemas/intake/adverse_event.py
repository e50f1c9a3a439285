"""Contract of intake.adverse_event: one row per adverse event a site reports."""

from __future__ import annotations

import pandera.polars as pa

from schemas.intake.base import Intake, Table
from schemas.intake.medication import PARTIAL_DATE


class AdverseEvent(Intake):
    """One event, as the site wrote it."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    verbatim: str = pa.Field(description="Event as reported.")
    started_on: str = pa.Field(nullable=True, str_matches=PARTIAL_DATE, description="ISO 8601, may be partial.")
    severity: str = pa.Field(nullable=True, isin=["MILD", "MODERATE", "SEVERE"], description="CDISC AESEV.")
    serious: bool = pa.Field(nullable=True, description="Whether it was serious.")
    related: str = pa.Field(nullable=True, description="Causality as the site judges it.")
    record_no: str = pa.Field(nullable=True, description="The site's own number of the record, where it has one.")


ADVERSE_EVENT = Table(AdverseEvent, key=("subject_id", "verbatim", "started_on", "record_no"), required=("subject_id", "verbatim"))
