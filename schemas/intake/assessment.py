"""Contracts of intake.form and intake.item: questionnaire administrations, wide and long.

A wide export gives one row an administration with all items side by side (form); a long one gives one item a row (item).
Totals that a site reports are always items, with `is_total`. Both meet in core.form.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.intake.base import Intake, Table


class Form(Intake):
    """One administration of one instrument, items in the instrument's fixed order."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    instrument: str = pa.Field(description="Name of the instrument, as in config/instruments.")
    visit: str = pa.Field(nullable=True, description="Visit label as the site sends it.")
    assessed_on: pl.Date = pa.Field(nullable=True, description="Date of the assessment.")
    item_values: pl.List(pl.Float64) = pa.Field(description="One value an item; null: missing or withheld.")  # type: ignore[valid-type]


class Item(Intake):
    """One item of one administration, or one total as reported by the site."""

    subject_id: str = pa.Field(description="Identifier after the declared pattern and padding.")
    instrument: str = pa.Field(description="Name of the instrument, as in config/instruments.")
    visit: str = pa.Field(nullable=True, description="Visit label as the site sends it.")
    assessed_on: pl.Date = pa.Field(nullable=True, description="Date of the assessment.")
    item: str = pa.Field(description="Item code, or the PARAMCD of a reported total.")
    item_no: pl.Int32 = pa.Field(nullable=True, ge=1, description="Position in the instrument; null for totals.")
    is_total: bool = pa.Field(description="Whether this is a total as reported by the site.")
    counts: bool = pa.Field(description="Whether it is a source row of its own (totals of wide rows are not).")
    value: float = pa.Field(nullable=True, description="The rating, inside its declared range.")


FORM = Table(Form, key=("subject_id", "instrument", "visit", "assessed_on"), required=("subject_id", "instrument"))
ITEM = Table(Item, key=("subject_id", "instrument", "visit", "assessed_on", "item"), required=("subject_id", "instrument", "item"))
