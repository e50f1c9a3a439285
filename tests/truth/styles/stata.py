"""Nairobi: the SPSS files of another statistician, in Stata: codes without labels, tagged missing values, times of Stata."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat

from tests.truth.styles.spss import NOT_RATED, Spss


class Stata(Spss):
    """The same tables in .dta; what was not rated is a tagged missing value."""

    name, zone, ending = "stata", "Africa/Nairobi", ".dta"
    yaml = (
        Spss.yaml.replace(".sav", ".dta").replace("Europe/Athens", "Africa/Nairobi").replace("GR(?P", "KE(?P")
        .replace("sex.label, map: {Male: M, Female: F}", 'sex, map: {"1": M, "2": F}')
        .replace("grade.label, map: {Mild:", 'grade, map: {"1":').replace("Moderate:", '"2":').replace("Severe:", '"3":')
        .replace(".label, map: {Yes: true, No: false}", ', map: {"1": true, "2": false}')
        .replace("defaults: {value_labels: beside}\n", "")
    )  # fmt: skip

    def id_text(self, number):
        return f"KE{number:03d}"

    def save(self, frame: pd.DataFrame, path: Path) -> None:
        """Missing ratings as .a, as a questionnaire's "not asked"."""
        rated = [c for c in ("begin", "peak", "end") if c in frame.columns and frame[c].dtype == "float64"]
        tagged = frame.astype(dict.fromkeys(rated, "object"))
        for column in rated:
            tagged[column] = ["a" if v != v or v == NOT_RATED else float(v) for v in frame[column]]
        pyreadstat.write_dta(tagged, path, version=14, missing_user_values={c: ["a"] for c in rated})
