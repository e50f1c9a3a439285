"""Boston: CSV with a byte order mark, m/d/Y and AM/PM, pounds, identifiers padded to three, LSAS as 1a 1b 2a 2b."""

from __future__ import annotations

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style


class UsCsv(Style):
    """US conventions; the unit of the dose stands in a column of its own."""

    name, study, zone = "us_csv", "sad01", "America/New_York"
    weight_unit, id_pad = "lb", 3
    date, time = "%m/%d/%Y", "%I:%M %p"
    encoding = "utf-8-sig"
    codes = {
        "yn": {True: "Y", False: "N"}, "sex": {"M": "Male", "F": "Female"},
        "grade": {"MILD": "Mild", "MODERATE": "Moderate", "SEVERE": "Severe"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: sad01
timezone: America/New_York
source: {kind: files, path: exports/{site}}
subject_id: {from: Subject, pad: 3}
tables:
  subject:
    file: demographics.csv
    fields:
      age_years: Age
      sex: {from: Sex, map: {Male: M, Female: F}}
      weight_kg: {from: WeightLb, unit: lb}
      consented_on: {from: ConsentDate, format: "%m/%d/%Y"}
      randomized_on: {from: RandDate, format: "%m/%d/%Y"}
  session:
    file: sessions.csv
    fields:
      session_no: Session
      attended: {from: Attended, map: {Y: true, N: false}}
      started_at: {from: Start, format: "%m/%d/%Y %I:%M %p"}
      exposure_started_at: {from: First Exposure, format: "%m/%d/%Y %I:%M %p"}
      ended_at: {from: End, format: "%m/%d/%Y %I:%M %p"}
  dose:
    file: dosing.csv
    fields:
      session_no: Session
      time_point: {const: PRE}
      taken: {from: Taken, map: {Y: true, N: false}}
      dose: {from: Amount, unit: {from: Unit}}
      dosed_at: {from: [DoseDate, DoseTime], format: "%m/%d/%Y %I:%M %p"}
  rating:
    file: suds.csv
    fields:
      session_no: Session
      exercise_no: Exercise
      begin: {from: Start, scale: 0-100}
      peak: {from: Peak, scale: 0-100}
      end: {from: End, scale: 0-100}
  assessment:
    - file: lsas.csv
      wide: {pattern: "(?P<item>\\d+)a", item: "LSF{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: Visit, assessed_on: {from: Date, format: "%m/%d/%Y"}}
      totals: {LSASTOT: Total}
    - file: lsas.csv
      wide: {pattern: "(?P<item>\\d+)b", item: "LSA{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: Visit, assessed_on: {from: Date, format: "%m/%d/%Y"}}
    - file: spds.csv
      fields: {instrument: {const: SPD-S}, item: {const: SPDS}, value: SPDS, visit: Visit, assessed_on: {from: Date, format: "%m/%d/%Y"}}
  medication:
    file: conmeds.csv
    fields:
      verbatim: Drug
      dose_text: Dose
      started_on: {from: Start, format: ["%m/%d/%Y", "%m/%Y"], partial: true}
      ended_on: {from: Stop, format: ["%m/%d/%Y", "%m/%Y"], partial: true}
      ongoing: {from: Ongoing, map: {Y: true, N: false}}
  adverse_event:
    file: ae.csv
    fields:
      verbatim: Event
      started_on: {from: Onset, format: "%m/%d/%Y"}
      severity: {from: Severity, map: {Mild: MILD, Moderate: MODERATE, Severe: SEVERE}}
      serious: {from: Serious, map: {Y: true, N: false}}
      related: Related
  disposition:
    file: withdrawals.csv
    fields: {withdrawn_on: {from: Date, format: "%m/%d/%Y"}, reason: Reason, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def partial(self, iso):
        if len(iso) == 7:
            return f"{iso[5:]}/{iso[:4]}"
        return super().partial(iso)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "demographics.csv", "subject", "Subject=subject_id; Age=age_years|number; Sex=sex|sex; "
                   "WeightLb=weight|number; "
                   "ConsentDate=consented_on|day; RandDate=randomized_on|day")
        self.table(out, site, "sessions.csv", "session", "Subject=subject_id; Session=session_no|number; Attended=attended|yn; "
                   "Start=started_at|instant; First Exposure=exposure_started_at|instant; End=ended_at|instant")
        self.table(out, site, "dosing.csv", "dose", "Subject=subject_id; Session=session_no|number; Taken=taken|yn; Amount=amount|number; "
                   "Unit=unit; DoseDate=dosed_at|day|date; DoseTime=dosed_at|clock_part|time")
        self.table(out, site, "suds.csv", "rating", "Subject=subject_id; Session=session_no|number; Exercise=exercise_no|number; "
                   "Start=begin|number; Peak=peak|number; End=end|number")
        head = self.cols("Subject=subject_id; Visit=visit; Date=assessed_on|day")
        lsas = self.items("LSAS", lambda c: f"{int(c[3:])}{'a' if c[2] == 'F' else 'b'}")
        side_by_side = [c for pair in zip(lsas[:24], lsas[24:], strict=True) for c in pair]
        self.flat(out, "lsas.csv", [*head, *side_by_side, *self.cols("Total=total|number")], self.forms(site, "LSAS"))
        self.flat(out, "spds.csv", [*head, *self.cols("SPDS=item:SPDS|number")], self.forms(site, "SPD-S"))
        self.table(out, site, "conmeds.csv", "medication", "Subject=subject_id; Drug=verbatim; Dose=dose_text; Start=started_on|day; "
                   "Stop=ended_on|day; Ongoing=ongoing|yn")
        self.table(out, site, "ae.csv", "adverse_event", "Subject=subject_id; Event=verbatim; Onset=started_on|day; "
                   "Severity=severity|grade; "
                   "Serious=serious|yn; Related=related")
        self.table(out, site, "withdrawals.csv", "disposition", "Subject=subject_id; Date=withdrawn_on|day; Reason=reason")
        return out
