"""Melbourne: an EDC with ISO dates, one questionnaire item a row, a capsule number; clock times are the clinic's own."""

from __future__ import annotations

from tests.truth.records import Record, Site
from tests.truth.styles.base import Sheet, Style


class EdcLong(Style):
    """Long item rows; numbers and codes plain."""

    name, study, zone = "edc_long", "sad01", "Australia/Melbourne"
    dose_kind, between, totals = "fixed", "T", False
    codes = {"yn": {True: "1", False: "0"}}
    clock_line = ""
    yaml = r"""
site_id: "{site}"
study: sad01
timezone: {zone}
source: {kind: files, path: exports/{site}}
subject_id: {from: subject, pattern: "(?P<id>\\d{2}-\\d{3})"}
defaults: {clock: {clock}}
tables:
  subject:
    file: subjects.csv
    fields:
      age_years: age
      sex: {from: sex, map: {M: M, F: F}}
      weight_kg: {from: weight_kg, unit: kg}
      consented_on: {from: consent_date, format: "%Y-%m-%d"}
      randomized_on: {from: randomization_date, format: "%Y-%m-%d"}
  session:
    file: sessions.csv
    fields:
      session_no: session
      attended: {from: attended, map: {"1": true, "0": false}}
      started_at: {from: started_at, format: "%Y-%m-%dT%H:%M"}
      exposure_started_at: {from: exposure_at, format: "%Y-%m-%dT%H:%M"}
      ended_at: {from: ended_at, format: "%Y-%m-%dT%H:%M"}
  dose:
    file: doses.csv
    fields:
      session_no: session
      time_point: {const: PRE}
      record_no: capsule_no
      taken: {from: taken, map: {"1": true, "0": false}}
      dose: {from: dose_mg, unit: mg}
      dosed_at: {from: dosed_at, format: "%Y-%m-%dT%H:%M"}
  rating:
    file: suds.csv
    fields:
      session_no: session
      exercise_no: exercise
      begin: {from: begin, scale: 0-100}
      peak: {from: peak, scale: 0-100}
      end: {from: end, scale: 0-100}
  assessment:
    file: questionnaires.csv
    fields: {instrument: form, visit: visit, assessed_on: {from: date, format: "%Y-%m-%d"}, item: item, value: value}
  medication:
    file: medications.csv
    fields:
      record_no: line
      verbatim: drug
      dose_text: dose
      started_on: {from: started, partial: true}
      ended_on: {from: ended, partial: true}
      ongoing: {from: ongoing, map: {"1": true, "0": false}}
  adverse_event:
    file: events.csv
    fields:
      record_no: line
      verbatim: event
      started_on: {from: started, partial: true}
      severity: severity
      serious: {from: serious, map: {"1": true, "0": false}}
      related: related
  disposition:
    file: withdrawals.csv
    fields: {withdrawn_on: {from: date, format: "%Y-%m-%d"}, reason: reason, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"03-{number:03d}"

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "subjects.csv", "subject", "subject=subject_id; age=age_years|number; sex=sex; weight_kg=weight|number; "
                   "consent_date=consented_on|day; randomization_date=randomized_on|day")
        self.table(out, site, "sessions.csv", "session", "subject=subject_id; session=session_no|number; attended=attended|yn; "
                   "started_at=started_at|instant; exposure_at=exposure_started_at|instant; ended_at=ended_at|instant")
        self.table(out, site, "doses.csv", "dose", "subject=subject_id; capsule_no=record_no|number; "
                   "session=session_no|number; taken=taken|yn; "
                   "dose_mg=amount|number; dosed_at=dosed_at|instant")
        self.table(out, site, "suds.csv", "rating", "subject=subject_id; session=session_no|number; exercise=exercise_no|number; "
                   "begin=begin|number; peak=peak|number; end=end|number")
        self.items_long(out, site)
        self.table(out, site, "medications.csv", "medication", "subject=subject_id; line=record_no|number; drug=verbatim; dose=dose_text; "
                   "started=started_on|day; ended=ended_on|day; ongoing=ongoing|yn")
        self.table(out, site, "events.csv", "adverse_event", "subject=subject_id; line=record_no|number; event=verbatim; "
                   "started=started_on|day; severity=severity; serious=serious|yn; related=related")
        self.table(out, site, "withdrawals.csv", "disposition", "subject=subject_id; date=withdrawn_on|day; reason=reason")
        return out

    def items_long(self, out: dict[str, Sheet], site: Site) -> None:
        """One row an item; a missing item has no row."""
        columns = self.cols("subject=subject_id; form=instrument; visit=visit; date=assessed_on|day; item=item; value=value|number")
        for instrument in site.plan["instruments"]:
            for form in self.forms(site, instrument):
                for row in form.rows():
                    cells = [Record("assessment", row.subject, row.true, row.sent | {"item": i, "value": v}, self._texts(row, i))
                             for i, v in row.sent["items"].items() if v is not None or f"item:{i}" in row.text]
                    self.flat(out, "questionnaires.csv", columns, cells)
                    sheet = out["questionnaires.csv"]
                    sheet.records[-len(cells):] = [row] * len(cells)
                    if row.cut is not None or row.extra:
                        sheet.rows[-1] = [*sheet.rows[-1][: row.cut], *row.extra]

    def _texts(self, row: Record, item: str) -> dict[str, str]:
        return row.text | ({"value": row.text[f"item:{item}"]} if f"item:{item}" in row.text else {})


class EdcUtc(EdcLong):
    """Toronto: the same EDC, but its server writes every clock time in UTC."""

    name, zone, clock = "edc_utc", "America/Toronto", "utc"

    def subjid(self, number):
        return f"04-{number:03d}"
