"""Boulder: pipes, windows-1252, the participant only on the first of their rows, clock times without a colon (1405), pounds."""

from __future__ import annotations

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style


class Pipes(Style):
    """Dates as 04 Dec 2024; "." is a blank; ratings of one session side by side."""

    name, study, zone = "pipes", "tail01", "America/Denver"
    weight_unit, split, dose_kind, totals = "lb", True, "in_text", False
    date, time, delimiter, encoding = "%d %b %Y", "%H%M", "|", "cp1252"
    blank = "."
    codes = {"yn": {True: "x", False: "-"}, "point": {"PRE": "1", "POST": "2"}}
    yaml = r"""
site_id: "{site}"
study: tail01
timezone: America/Denver
source: {kind: files, path: exports/{site}}
subject_id: {from: Participant, pattern: "CO-(?P<id>\\d{3})"}
defaults: {encoding: cp1252, delimiter: "|", missing: ["."]}
tables:
  subject:
    file: roster.txt
    fields:
      age_years: Age
      sex: Sex
      weight_kg: {from: Weight (lb), unit: lb}
      consented_on: {from: Consent, format: "%d %b %Y"}
      randomized_on: {from: Randomised, format: "%d %b %Y"}
  session:
    file: diary.txt
    fill_down: [Participant]
    fields:
      session_no: Session
      attended: {from: Held, map: {x: true, "-": false}}
      started_at: {from: [Date, Start], format: "%d %b %Y %H%M"}
      exposure_started_at: {from: [Date, Exposure], format: "%d %b %Y %H%M"}
      ended_at: {from: [Date, End], format: "%d %b %Y %H%M"}
  dose:
    file: pills.txt
    fields:
      session_no: Session
      time_point: {from: Bottle, map: {"1": PRE, "2": POST}}
      taken: {from: Taken, map: {x: true, "-": false}}
      dose: {from: Pill, split_unit: true}
      dosed_at: {from: [Date, Clock], format: "%d %b %Y %H%M"}
  rating:
    file: suds.txt
    fields:
      session_no: Session
      exercise_no: Exercise
      begin: {from: Begin, scale: 0-100}
      peak: {from: Peak, scale: 0-100}
      end: {from: End, scale: 0-100}
  assessment:
    - file: lsas.txt
      wide: {pattern: "Q(?P<item>\\d+)(?P<half>[FA])", item: "LS{half}{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: Visit, assessed_on: {from: Date, format: "%d %b %Y"}}
  medication:
    file: meds.txt
    fields:
      verbatim: Drug
      dose_text: Dose
      started_on: {from: Since, format: ["%d %b %Y", "%b %Y"], partial: true}
      ended_on: {from: Until, format: ["%d %b %Y", "%b %Y"], partial: true}
      ongoing: {from: Ongoing, map: {x: true, "-": false}}
  adverse_event:
    file: events.txt
    fields:
      verbatim: Event
      started_on: {from: Date, format: "%d %b %Y"}
      severity: Severity
      serious: {from: Serious, map: {x: true, "-": false}}
      related: Related
  disposition:
    file: stopped.txt
    fields: {withdrawn_on: {from: Date, format: "%d %b %Y"}, reason: Why, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"CO-{number:03d}"

    def partial(self, iso):
        import calendar

        return f"{calendar.month_abbr[int(iso[5:])]} {iso[:4]}" if len(iso) == 7 else super().partial(iso)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        for record in (row for r in self.of(site, "dose") for row in r.rows()):
            amount = record.sent["amount"]
            record.sent["dose"] = None if amount is None else " ".join(x for x in (self.number(amount), record.sent["unit"]) if x)
        self.table(out, site, "roster.txt", "subject", "Participant=subject_id; Age=age_years|number; Sex=sex; Weight (lb)=weight|number; "
                   "Consent=consented_on|day; Randomised=randomized_on|day")
        self.table(out, site, "diary.txt", "session", "Participant=subject_id; Session=session_no|number; Held=attended|yn; "
                   "Date=started_at|day|date; Start=started_at|clock_part|time; Exposure=exposure_started_at|clock_part|time; "
                   "End=ended_at|clock_part|time")
        self.table(out, site, "pills.txt", "dose", "Participant=subject_id; Session=session_no|number; "
                   "Bottle=time_point|point; Taken=taken|yn; "
                   "Pill=dose; Date=dosed_at|day|date; Clock=dosed_at|clock_part|time")
        self.table(out, site, "suds.txt", "rating", "Participant=subject_id; Session=session_no|number; Exercise=exercise_no|number; "
                   "Begin=begin|number; Peak=peak|number; End=end|number")
        head = self.cols("Participant=subject_id; Visit=visit; Date=assessed_on|day")
        self.flat(out, "lsas.txt", [*head, *self.items("LSAS", lambda c: f"Q{int(c[3:])}{c[2]}")], self.forms(site, "LSAS"))
        self.table(out, site, "meds.txt", "medication", "Participant=subject_id; Drug=verbatim; Dose=dose_text; Since=started_on|day; "
                   "Until=ended_on|day; Ongoing=ongoing|yn")
        self.table(out, site, "events.txt", "adverse_event", "Participant=subject_id; Event=verbatim; Date=started_on|day; "
                   "Severity=severity; "
                   "Serious=serious|yn; Related=related")
        self.table(out, site, "stopped.txt", "disposition", "Participant=subject_id; Date=withdrawn_on|day; Why=reason")
        diary, last = out["diary.txt"], ""
        for row in diary.rows:  # only the first row of a participant names them
            row[0], last = ("" if row[0] == last else row[0]), row[0]
        return out
