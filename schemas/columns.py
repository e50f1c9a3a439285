"""One dictionary of every published column: name, label, type, unit, code list, meaning. The table itself is columns.csv.

What belongs here: reading that table and giving its types to Arrow, Parquet metadata, contracts and the data dictionary.
What does not: how a column is computed (sql/3_analysis), what a set must satisfy beyond its columns (schemas/analysis).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Types a column may have, and the DuckDB type of each.
TYPES = {
    "Text": "VARCHAR", "Integer": "INTEGER", "Integer64": "BIGINT", "Float": "DOUBLE", "Date": "DATE", "Datetime": "TIMESTAMPTZ",
}  # fmt: skip

#: Sets in the order of the contract. `adref` and `adipd` need a whole trial; `adtrt` is restricted.
PER_SITE = ("adsl", "adex", "adsess", "adsuds", "adqs", "aditem", "adcm", "adae", "addv")
POOLED = ("adref", "adipd")
RESTRICTED = ("adtrt",)

#: What a reader calls each set; at most forty characters, so that every format can hold it.
TITLES = {
    "adsl": "Subject-Level Analysis Dataset", "adex": "Dose Analysis Dataset", "adsess": "Session Analysis Dataset",
    "adsuds": "Fear Rating Analysis Dataset", "adqs": "Questionnaire Score Analysis Dataset",
    "aditem": "Questionnaire Item Analysis Dataset", "adcm": "Concomitant Medication Analysis Dataset",
    "adae": "Adverse Event Analysis Dataset", "addv": "Protocol Deviation Analysis Dataset", "adref": "Baseline Reference Dataset",
    "adipd": "Pooled Analysis Dataset", "adtrt": "Treatment Assignment Dataset",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One published variable. `codes`: the only values it may have, empty when it is not coded; `is_key`: part of the grain."""

    dataset: str
    name: str
    label: str
    type: str
    unit: str
    codes: tuple[str, ...]
    is_key: bool
    meaning: str


@cache
def columns() -> dict[str, tuple[Column, ...]]:
    """Dataset -> its columns in published order."""
    out: dict[str, list[Column]] = {}
    with (Path(__file__).parent / "columns.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            codes = tuple(row["codes"].split())
            column = Column(
                row["dataset"], row["variable"], row["label"], row["type"], row["unit"], codes, row["key"] == "Y", row["meaning"]
            )
            out.setdefault(row["dataset"], []).append(column)
    return {dataset: tuple(found) for dataset, found in out.items()}
