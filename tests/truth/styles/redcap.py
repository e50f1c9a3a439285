"""Tampa and Gainesville: one REDCap CSV, repeating instruments in rows of their own, the data access group is the site."""

from __future__ import annotations

from tests.truth.records import Site
from tests.truth.styles.base import Col, Sheet, Style

FILE = "OCD01_DATA_2025-06-01.csv"
GROUPS = {"81": "tampa", "82": "gainesville"}
VISIT = {"BASELINE": "1", "WEEK 4": "2", "WEEK 7": "3", "POST": "4"}
HEAD = "record_id=subject_id; redcap_repeat_instrument=; redcap_repeat_instance=; redcap_data_access_group=site|dag; "
SPECS = {
    "subject": ("", "age=age_years|number; sex=sex|sex; weight_lb=weight|number; "
                "consent_date=consented_on|day; rand_date=randomized_on|day"),
    "session": ("session", "sess_no=session_no|number; sess_attended=attended|yn; sess_start=started_at|instant; "
                "exp_start=exposure_started_at|instant; sess_end=ended_at|instant"),
    "dose": ("dosing", "dose_sess=session_no|number; dose_taken=taken|yn; dose_mg=amount|number; dose_time=dosed_at|instant"),
    "rating": ("exposure", "ex_sess=session_no|number; ex_no=exercise_no|number; "
               "ex_begin=begin|number; ex_peak=peak|number; ex_end=end|number"),
    "medication": ("conmed", "cm_name=verbatim; cm_dose=dose_text; cm_start=started_on|day; cm_end=ended_on|day; cm_ongoing=ongoing|yn"),
    "adverse_event": ("ae", "ae_term=verbatim; ae_start=started_on|day; "
                      "ae_severity=severity|grade; ae_serious=serious|yn; ae_related=related"),
    "disposition": ("withdrawal", "wd_date=withdrawn_on|day; wd_reason=reason"),
}  # fmt: skip


class Redcap(Style):
    """Many sites in one export; every form but one blank on every row."""

    name, study, zone = "redcap", "ocd01", "America/New_York"
    members, weight_unit, dose_kind, one_file = ("81", "82"), "lb", "fixed", True
    codes = {
        "yn": {True: "1", False: "0"}, "sex": {"M": "1", "F": "2"}, "dag": GROUPS, "visit": VISIT,
        "grade": {"MILD": "1", "MODERATE": "2", "SEVERE": "3"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: ocd01
timezone: America/New_York
source: {kind: files, path: exports/{site}}
sites:
  from: redcap_data_access_group
  map: {tampa: "81", gainesville: "82"}
  known: {"81": {}, "82": {}}
subject_id: record_id
tables:
  subject:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: ""}
    fields:
      age_years: age
      sex: {from: sex, map: {"1": M, "2": F}}
      weight_kg: {from: weight_lb, unit: lb}
      consented_on: {from: consent_date, format: "%Y-%m-%d"}
      randomized_on: {from: rand_date, format: "%Y-%m-%d"}
    ignore_columns: [redcap_repeat_instance]
  session:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: session}
    fields:
      session_no: sess_no
      attended: {from: sess_attended, map: {"1": true, "0": false}}
      started_at: {from: sess_start, format: "%Y-%m-%d %H:%M"}
      exposure_started_at: {from: exp_start, format: "%Y-%m-%d %H:%M"}
      ended_at: {from: sess_end, format: "%Y-%m-%d %H:%M"}
  dose:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: dosing}
    fields:
      session_no: dose_sess
      time_point: {const: PRE}
      taken: {from: dose_taken, map: {"1": true, "0": false}}
      dose: {from: dose_mg, unit: mg}
      dosed_at: {from: dose_time, format: "%Y-%m-%d %H:%M"}
  rating:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: exposure}
    fields:
      session_no: ex_sess
      exercise_no: ex_no
      begin: {from: ex_begin, scale: 0-100}
      peak: {from: ex_peak, scale: 0-100}
      end: {from: ex_end, scale: 0-100}
  assessment:
    - file: OCD01_DATA_*.csv
      where: {redcap_repeat_instrument: cybocs}
      wide: {pattern: "cyb(?P<item>\\d+)", item: "CYB{item:02d}"}
      fields:
        instrument: {const: CY-BOCS}
        visit: {from: cy_visit, map: {"1": BASELINE, "2": WEEK 4, "3": WEEK 7, "4": POST}}
        assessed_on: {from: cy_date, format: "%Y-%m-%d"}
      totals: {CYBOCTOT: cy_total}
    - file: OCD01_DATA_*.csv
      where: {redcap_repeat_instrument: cgi}
      fields:
        instrument: {const: CGI-S}
        item: {const: CGI0101}
        value: cgi_s
        visit: {from: cgi_visit, map: {"1": BASELINE, "2": WEEK 4, "3": WEEK 7, "4": POST}}
        assessed_on: {from: cgi_date, format: "%Y-%m-%d"}
  medication:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: conmed}
    fields:
      verbatim: cm_name
      dose_text: cm_dose
      started_on: {from: cm_start, partial: true}
      ended_on: {from: cm_end, partial: true}
      ongoing: {from: cm_ongoing, map: {"1": true, "0": false}}
  adverse_event:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: ae}
    fields:
      verbatim: ae_term
      started_on: {from: ae_start, format: "%Y-%m-%d"}
      severity: {from: ae_severity, map: {"1": MILD, "2": MODERATE, "3": SEVERE}}
      serious: {from: ae_serious, map: {"1": true, "0": false}}
      related: ae_related
  disposition:
    file: OCD01_DATA_*.csv
    where: {redcap_repeat_instrument: withdrawal}
    fields: {withdrawn_on: {from: wd_date, format: "%Y-%m-%d"}, reason: wd_reason, scope: {const: stop}}
"""

    #: Columns that an export of one site has not.
    without: tuple[str, ...] = ()

    def subjid(self, number):
        return f"{100 + number}"

    def sheets(self, site: Site) -> dict[str, Sheet]:
        head = self.cols(HEAD.rstrip("; "))
        cyb = [*self.cols("cy_visit=visit|visit; cy_date=assessed_on|day"), *self.items("CY-BOCS", lambda c: f"cyb{int(c[3:])}"),
               *self.cols("cy_total=total|number")]
        cgi = self.cols("cgi_visit=visit|visit; cgi_date=assessed_on|day; cgi_s=item:CGI0101|number")
        blocks: list[tuple[str, list[Col], list]] = [
            (form, self.cols(spec), self.of(site, table)) for table, (form, spec) in SPECS.items()
        ]
        blocks += [("cybocs", cyb, self.forms(site, "CY-BOCS")), ("cgi", cgi, self.forms(site, "CGI-S"))]
        names = [c.name for c in head] + [c.name for _, columns, _ in blocks for c in columns]
        names = [n for n in names if n not in self.without]
        sheet = Sheet(names)
        for form, columns, records in blocks:
            counts: dict[int, int] = {}
            for record in (row for r in records for row in r.rows()):
                counts[record.subject.number] = counts.get(record.subject.number, 0) + 1
                cells = dict.fromkeys(names, "") | {c.name: self.cell(record, c) for c in [*head, *columns]}
                cells |= {"redcap_repeat_instrument": form, "redcap_repeat_instance": str(counts[record.subject.number]) if form else ""}
                sheet.add([cells[n] for n in names], record)
        return {FILE: sheet}
