"""Vancouver: a REDCap project exported with labels, read by its data dictionary; every form is an instrument of its own."""

from __future__ import annotations

import csv
import io
import re

from tests.truth.styles.base import Sheet
from tests.truth.styles.redcap import FILE, Redcap

VISITS = "1, Baseline | 2, Week 4 | 3, Week 7 | 4, Post"
CHOICES = {
    "sex": "1, Male | 2, Female", "ae_severity": "1, Mild | 2, Moderate | 3, Severe", "cy_visit": VISITS, "cgi_visit": VISITS,
    **dict.fromkeys(("sess_attended", "dose_taken", "cm_ongoing", "ae_serious"), "1, Yes | 0, No"),
}  # fmt: skip
COLUMNS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels",
    "Field Note", "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max", "Identifier?",
    "Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name",
    "Matrix Ranking?", "Field Annotation",
)  # fmt: skip


class RedcapLabels(Redcap):
    """One site; what a choice is called stands in the cells, what it means in the dictionary."""

    name, zone, members = "redcap_labels", "America/Vancouver", ()
    without = ("redcap_data_access_group",)
    codes = {
        "yn": {True: "Yes", False: "No"}, "sex": {"M": "Male", "F": "Female"}, "dag": {},
        "visit": {"BASELINE": "Baseline", "WEEK 4": "Week 4", "WEEK 7": "Week 7", "POST": "Post"},
        "grade": {"MILD": "Mild", "MODERATE": "Moderate", "SEVERE": "Severe"},
    }  # fmt: skip
    yaml = re.sub(
        r"sites:\n.*?(?=subject_id:)", "", re.sub(r"where: {redcap_repeat_instrument: (\w+)}", r"sheet: \1", Redcap.yaml), flags=re.DOTALL
    ).replace('where: {redcap_repeat_instrument: ""}', "sheet: demographics").replace("America/New_York", "America/Vancouver").replace(
        "subject_id: record_id\n", "subject_id: record_id\ndefaults: {format: redcap, companion: dictionary.csv}\n"
    ).replace("    ignore_columns: [redcap_repeat_instance]\n", "")

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """The export and its data dictionary."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for column in sheets[FILE].columns:
            if not column.startswith("redcap_"):
                choices = CHOICES.get(column, "")
                writer.writerow([column, _form(column), "", "radio" if choices else "text", column, choices, *[""] * 12])
        return super().files(sheets) | {"dictionary.csv": out.getvalue().encode()}


def _form(column: str) -> str:
    """The instrument a field belongs to: by the beginning of its name."""
    begins = {"sess_": "session", "exp_": "session", "dose_": "dosing", "ex_": "exposure", "cm_": "conmed", "ae_": "ae",
              "wd_": "withdrawal", "cy": "cybocs", "cgi": "cgi"}  # fmt: skip
    return next((form for begin, form in begins.items() if column.startswith(begin)), "demographics")
