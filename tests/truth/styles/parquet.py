"""Austin: Parquet with typed columns; every clock time carries its own offset, so the clock change is no riddle here."""

from __future__ import annotations

import datetime as dt
import io
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style


class Parquet(Style):
    """Numbers, dates and texts typed; a column with one text in it is a text column, as data frames write it."""

    name, study, zone = "parquet", "tail01", "America/Chicago"
    dose_kind, clock, delimited, typed, blank, between, time = "fixed", "offset", False, True, None, "T", "%H:%M:%S%z"
    codes = {
        "yn": {True: "yes", False: "no"}, "sex": {"M": "man", "F": "woman"}, "point": {"PRE": "before", "POST": "after"},
        "grade": {"MILD": "1", "MODERATE": "2", "SEVERE": "3"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: tail01
timezone: America/Chicago
source: {kind: files, path: exports/{site}}
subject_id: {from: id, pattern: "TX(?P<id>\\d{3})"}
defaults: {clock: offset}
tables:
  subject:
    file: subjects.parquet
    fields:
      age_years: age
      sex: {from: gender, map: {man: M, woman: F}}
      weight_kg: {from: weight_kg, unit: kg}
      consented_on: {from: consent, format: "%Y-%m-%d"}
      randomized_on: {from: randomized, format: "%Y-%m-%d"}
  session:
    file: sessions.parquet
    fields:
      session_no: session
      attended: {from: came, map: {yes: true, no: false}}
      started_at: {from: start, format: "%Y-%m-%dT%H:%M:%S%z"}
      exposure_started_at: {from: exposure, format: "%Y-%m-%dT%H:%M:%S%z"}
      ended_at: {from: end, format: "%Y-%m-%dT%H:%M:%S%z"}
  dose:
    file: capsules.parquet
    fields:
      session_no: session
      time_point: {from: bottle, map: {before: PRE, after: POST}}
      taken: {from: swallowed, map: {yes: true, no: false}}
      dose: {from: mg, unit: mg}
      dosed_at: {from: time, format: "%Y-%m-%dT%H:%M:%S%z"}
  rating:
    file: suds.parquet
    fields:
      session_no: session
      exercise_no: exercise
      begin: {from: start, scale: 0-100}
      peak: {from: highest, scale: 0-100}
      end: {from: end, scale: 0-100}
  assessment:
    - file: lsas.parquet
      wide: {pattern: "fear(?P<item>\\d+)", item: "LSF{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: visit, assessed_on: {from: date, format: "%Y-%m-%d"}}
      totals: {LSASTOT: sum}
    - file: lsas.parquet
      wide: {pattern: "avoid(?P<item>\\d+)", item: "LSA{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: visit, assessed_on: {from: date, format: "%Y-%m-%d"}}
  medication:
    file: meds.parquet
    fields:
      verbatim: drug
      dose_text: dose
      started_on: {from: from, partial: true}
      ended_on: {from: to, partial: true}
      ongoing: {from: still, map: {yes: true, no: false}}
  adverse_event:
    file: events.parquet
    fields:
      verbatim: event
      started_on: {from: date, format: "%Y-%m-%d"}
      severity: {from: grade, map: {"1": MILD, "2": MODERATE, "3": SEVERE}}
      serious: {from: serious, map: {yes: true, no: false}}
      related: related
  disposition:
    file: withdrawn.parquet
    fields: {withdrawn_on: {from: date, format: "%Y-%m-%d"}, reason: why, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"TX{number:03d}"

    def number(self, value):
        return value

    def day(self, value):
        return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "subjects.parquet", "subject", "id=subject_id; age=age_years|number; gender=sex|sex; "
                   "weight_kg=weight|number; "
                   "consent=consented_on|day; randomized=randomized_on|day")
        self.table(out, site, "sessions.parquet", "session", "id=subject_id; session=session_no|number; came=attended|yn; "
                   "start=started_at|instant; exposure=exposure_started_at|instant; end=ended_at|instant")
        self.table(out, site, "capsules.parquet", "dose", "id=subject_id; session=session_no|number; "
                   "bottle=time_point|point; swallowed=taken|yn; "
                   "mg=amount|number; time=dosed_at|instant")
        self.table(out, site, "suds.parquet", "rating", "id=subject_id; session=session_no|number; exercise=exercise_no|number; "
                   "start=begin|number; highest=peak|number; end=end|number")
        head = self.cols("id=subject_id; visit=visit; date=assessed_on|day")
        items = self.items("LSAS", lambda c: f"{'fear' if c[2] == 'F' else 'avoid'}{int(c[3:])}")
        self.flat(out, "lsas.parquet", [*head, *items, *self.cols("sum=total|number")], self.forms(site, "LSAS"))
        self.table(out, site, "meds.parquet", "medication", "id=subject_id; drug=verbatim; dose=dose_text; "
                   "from=started_on|day; to=ended_on|day; "
                   "still=ongoing|yn")
        self.table(out, site, "events.parquet", "adverse_event", "id=subject_id; event=verbatim; date=started_on|day; "
                   "grade=severity|grade; "
                   "serious=serious|yn; related=related")
        self.table(out, site, "withdrawn.parquet", "disposition", "id=subject_id; date=withdrawn_on|day; why=reason")
        return out

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """One file a sheet."""
        out = {}
        for name, sheet in sheets.items():
            columns = {c: [r[n] for r in sheet.rows] for n, c in enumerate(sheet.columns)}
            sink = io.BytesIO()
            pq.write_table(pa.table({c: _typed(v) for c, v in columns.items()}), sink)
            out[name] = sink.getvalue()
        return out


def as_column(values: list[Any]) -> list[Any]:
    """One type a column, as data frames keep them: texts among numbers or dates make all of it texts."""
    kinds = {type(v) for v in values if v is not None}
    if str in kinds and len(kinds) > 1:
        return [None if v is None else v.isoformat() if isinstance(v, dt.date) else str(v) for v in values]
    if kinds <= {int, float} and float in kinds:
        return [None if v is None or math.isnan(v) else float(v) for v in values]
    return values


def _typed(values: list[Any]) -> pa.Array:
    """An Arrow array of such a column."""
    column = as_column(values)
    return pa.array(column) if any(v is not None for v in column) else pa.array(column, pa.string())
