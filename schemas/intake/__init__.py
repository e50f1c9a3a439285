"""Intake contracts: what a site's rows must be after mapping and judging. `CONTRACTS` lists them in judging order."""

from __future__ import annotations

from schemas import lean  # noqa: F401 - before any contract imports Pandera
from schemas.intake.adverse_event import ADVERSE_EVENT
from schemas.intake.assessment import FORM, ITEM
from schemas.intake.base import Table
from schemas.intake.disposition import DISPOSITION
from schemas.intake.dose import DOSE
from schemas.intake.medication import MEDICATION
from schemas.intake.randomization import RANDOMIZATION
from schemas.intake.rating import RATING
from schemas.intake.session import SESSION
from schemas.intake.subject import SUBJECT

#: Table -> contract. A table may look at tables before it in this order, never after.
CONTRACTS: dict[str, Table] = {
    "subject": SUBJECT,
    "disposition": DISPOSITION,
    "randomization": RANDOMIZATION,
    "session": SESSION,
    "dose": DOSE,
    "rating": RATING,
    "medication": MEDICATION,
    "form": FORM,
    "item": ITEM,
    "adverse_event": ADVERSE_EVENT,
}
