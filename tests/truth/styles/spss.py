"""Athens: SPSS files with value labels, numeric codes, dates and times of SPSS, and a declared missing code."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style
from tests.truth.styles.parquet import as_column

YES = {1: "Yes", 2: "No"}
LABELS = {"attended": YES, "taken": YES, "ongoing": YES, "serious": YES, "sex": {1: "Male", 2: "Female"},
          "grade": {1: "Mild", 2: "Moderate", 3: "Severe"}}  # fmt: skip
#: What these columns hold where nothing was rated; the file declares it missing.
NOT_RATED = -9


class Spss(Style):
    """One file a table; a text in a column of numbers makes all of it a column of texts, as it does in SPSS."""

    name, study, zone = "spss", "sad01", "Europe/Athens"
    dose_kind, delimited, typed, blank, date, id_pad = "fixed", False, True, None, "%Y-%m-%d", 0
    codes = {"yn": {True: 1, False: 2}, "sex": {"M": 1, "F": 2}, "grade": {"MILD": 1, "MODERATE": 2, "SEVERE": 3}}
    yaml = r"""
site_id: "{site}"
study: sad01
timezone: Europe/Athens
source: {kind: files, path: exports/{site}}
subject_id: {from: code, pattern: "GR(?P<id>\\d{3})"}
defaults: {value_labels: beside}
tables:
  subject:
    file: subjects.sav
    fields:
      age_years: age
      sex: {from: sex.label, map: {Male: M, Female: F}}
      weight_kg: {from: weight, unit: kg}
      consented_on: {from: consent, format: "%Y-%m-%d"}
      randomized_on: {from: randomized, format: "%Y-%m-%d"}
  session:
    file: sessions.sav
    fields:
      session_no: session
      attended: {from: attended.label, map: {Yes: true, No: false}}
      started_at: {from: started, format: "%Y-%m-%d %H:%M"}
      exposure_started_at: {from: exposure, format: "%Y-%m-%d %H:%M"}
      ended_at: {from: ended, format: "%Y-%m-%d %H:%M"}
  dose:
    file: doses.sav
    fields:
      session_no: session
      time_point: {const: PRE}
      taken: {from: taken.label, map: {Yes: true, No: false}}
      dose: {from: mg, unit: mg}
      dosed_at: {from: dosed, format: "%Y-%m-%d %H:%M"}
  rating:
    file: suds.sav
    fields:
      session_no: session
      exercise_no: exercise
      begin: {from: begin, scale: 0-100}
      peak: {from: peak, scale: 0-100}
      end: {from: end, scale: 0-100}
  assessment:
    - file: lsas.sav
      wide: {pattern: "f(?P<item>\\d+)", item: "LSF{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: visit, assessed_on: {from: day, format: "%Y-%m-%d"}}
      totals: {LSASTOT: total}
    - file: lsas.sav
      wide: {pattern: "a(?P<item>\\d+)", item: "LSA{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: visit, assessed_on: {from: day, format: "%Y-%m-%d"}}
    - file: spds.sav
      fields: {instrument: {const: SPD-S}, item: {const: SPDS}, value: spds, visit: visit, assessed_on: {from: day, format: "%Y-%m-%d"}}
  medication:
    file: medications.sav
    fields:
      verbatim: drug
      dose_text: dose
      started_on: {from: started, partial: true}
      ended_on: {from: ended, partial: true}
      ongoing: {from: ongoing.label, map: {Yes: true, No: false}}
  adverse_event:
    file: events.sav
    fields:
      verbatim: event
      started_on: {from: started, format: "%Y-%m-%d"}
      severity: {from: grade.label, map: {Mild: MILD, Moderate: MODERATE, Severe: SEVERE}}
      serious: {from: serious.label, map: {Yes: true, No: false}}
      related: related
  disposition:
    file: withdrawals.sav
    fields: {withdrawn_on: {from: day, format: "%Y-%m-%d"}, reason: reason, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"GR{number:03d}"

    def number(self, value):
        return value

    def day(self, value):
        return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value

    def instant(self, value):
        return value.replace(tzinfo=None)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "subjects", "subject", "code=subject_id; age=age_years|number; sex=sex|sex; weight=weight|number; "
                   "consent=consented_on|day; randomized=randomized_on|day")
        self.table(out, site, "sessions", "session", "code=subject_id; session=session_no|number; attended=attended|yn; "
                   "started=started_at|instant; exposure=exposure_started_at|instant; ended=ended_at|instant")
        self.table(out, site, "doses", "dose", "code=subject_id; session=session_no|number; taken=taken|yn; mg=amount|number; "
                   "dosed=dosed_at|instant")
        self.table(out, site, "suds", "rating", "code=subject_id; session=session_no|number; exercise=exercise_no|number; "
                   "begin=begin|number; peak=peak|number; end=end|number")
        head = self.cols("code=subject_id; visit=visit; day=assessed_on|day")
        lsas = self.items("LSAS", lambda c: f"{'f' if c[2] == 'F' else 'a'}{int(c[3:])}")
        self.flat(out, "lsas", [*head, *lsas, *self.cols("total=total|number")], self.forms(site, "LSAS"))
        self.flat(out, "spds", [*head, *self.cols("spds=item:SPDS|number")], self.forms(site, "SPD-S"))
        self.table(out, site, "medications", "medication", "code=subject_id; drug=verbatim; dose=dose_text; started=started_on|text; "
                   "ended=ended_on|text; ongoing=ongoing|yn")
        self.table(out, site, "events", "adverse_event", "code=subject_id; event=verbatim; started=started_on|day; grade=severity|grade; "
                   "serious=serious|yn; related=related")
        self.table(out, site, "withdrawals", "disposition", "code=subject_id; day=withdrawn_on|day; reason=reason")
        return {name + self.ending: sheet for name, sheet in out.items()}

    ending = ".sav"

    def text(self, value):
        return value

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """One file a sheet."""
        out = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, sheet in sheets.items():
                frame = pd.DataFrame({c: _series(as_column([r[n] for r in sheet.rows])) for n, c in enumerate(sheet.columns)})
                self.save(frame, Path(folder) / name)
                out[name] = (Path(folder) / name).read_bytes()
        return out

    def save(self, frame: pd.DataFrame, path: Path) -> None:
        """With labels on the codes, and -9 declared missing among the ratings."""
        rated = [c for c in ("begin", "peak", "end") if c in frame.columns and frame[c].dtype == "float64"]
        frame = frame.assign(**{c: frame[c].fillna(NOT_RATED) for c in rated})
        labels = {
            c: LABELS[c] if frame[c].dtype == "float64" else {str(code): text for code, text in LABELS[c].items()}
            for c in LABELS.keys() & set(frame.columns)
        }
        pyreadstat.write_sav(frame, path, variable_value_labels=labels, missing_ranges={c: [NOT_RATED] for c in rated})


def _series(values: list[Any]) -> pd.Series:
    """Texts, numbers, days or moments."""
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float, bool} and kinds:
        return pd.Series([None if v is None else float(v) for v in values], dtype="float64")
    if kinds == {dt.datetime}:
        return pd.Series(values, dtype="datetime64[us]")
    if kinds == {dt.date}:
        return pd.Series(values, dtype="object")
    return pd.Series(["" if v is None else str(v) for v in values], dtype="object")
