"""Amsterdam: one row a participant with both sessions and every rating beside each other; SUDS on 1-100."""

from __future__ import annotations

from tests.truth.records import Record, Site
from tests.truth.styles.base import Col, Sheet, Style


class Wide(Style):
    """Dutch names; date and clock times apart; the list of arms is a file of its own."""

    name, study, zone = "wide", "acro01", "Europe/Amsterdam"
    scale, split, dose_kind, has_exposure, totals, wide = "1-100", True, "fixed", False, False, True
    date = "%d-%m-%Y"
    codes = {"yn": {True: "ja", False: "nee"}, "sex": {"M": "man", "F": "vrouw"}}
    yaml = r"""
site_id: "{site}"
study: acro01
timezone: Europe/Amsterdam
source: {kind: files, path: exports/{site}}
subject_id: {from: nr, pattern: "A(?P<id>\\d{3})"}
tables:
  subject:
    file: deelnemers.csv
    fields:
      age_years: leeftijd
      sex: {from: geslacht, map: {man: M, vrouw: F}}
      weight_kg: {from: gewicht, unit: kg}
      consented_on: {from: toestemming, format: "%d-%m-%Y"}
      randomized_on: {from: loting, format: "%d-%m-%Y"}
  randomization:
    file: lotinglijst.csv
    fields: {arm: arm, number: lotnummer}
  session:
    file: deelnemers.csv
    wide: {pattern: "s(?P<session>\\d)_(?P<column>gekomen|datum|begin|einde)"}
    fields:
      session_no: session
      attended: {from: gekomen, map: {ja: true, nee: false}}
      started_at: {from: [datum, begin], format: "%d-%m-%Y %H:%M"}
      ended_at: {from: [datum, einde], format: "%d-%m-%Y %H:%M"}
  dose:
    file: deelnemers.csv
    wide: {pattern: "s(?P<session>\\d)_(?P<column>ingenomen|inname_datum|inname|dosis_mg)"}
    fields:
      session_no: session
      time_point: {const: PRE}
      taken: {from: ingenomen, map: {ja: true, nee: false}}
      dose: {from: dosis_mg, unit: mg}
      dosed_at: {from: [inname_datum, inname], format: "%d-%m-%Y %H:%M"}
  rating:
    file: deelnemers.csv
    wide: {pattern: "suds_(?P<column>[bpe])_s(?P<session>\\d)_e(?P<exercise>\\d)"}
    fields:
      session_no: session
      exercise_no: exercise
      begin: {from: b, scale: 1-100}
      peak: {from: p, scale: 1-100}
      end: {from: e, scale: 1-100}
  assessment:
    - file: aq.csv
      wide: {pattern: "anx(?P<item>\\d+)", item: "AQA{item:02d}"}
      fields: {instrument: {const: AQ-ACRO}, visit: meting, assessed_on: {from: datum, format: "%d-%m-%Y"}}
    - file: aq.csv
      wide: {pattern: "avd(?P<item>\\d+)", item: "AQV{item:02d}"}
      fields: {instrument: {const: AQ-ACRO}, visit: meting, assessed_on: {from: datum, format: "%d-%m-%Y"}}
  medication:
    file: medicatie.csv
    fields:
      verbatim: middel
      dose_text: dosis
      started_on: {from: start, format: ["%d-%m-%Y", "%m-%Y"], partial: true}
      ended_on: {from: stop, format: ["%d-%m-%Y", "%m-%Y"], partial: true}
      ongoing: {from: loopt, map: {ja: true, nee: false}}
  adverse_event:
    file: bijwerkingen.csv
    fields:
      verbatim: klacht
      started_on: {from: datum, format: "%d-%m-%Y"}
      severity: {from: ernst, map: {mild: MILD, moderate: MODERATE, severe: SEVERE}}
      serious: {from: ernstig, map: {ja: true, nee: false}}
      related: verband
  disposition:
    file: gestopt.csv
    fields: {withdrawn_on: {from: datum, format: "%d-%m-%Y"}, reason: reden, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"A{number:03d}"

    def partial(self, iso):
        return f"{iso[5:]}-{iso[:4]}" if len(iso) == 7 else super().partial(iso)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        base = self.cols("nr=subject_id; leeftijd=age_years|number; geslacht=sex|sex; gewicht=weight|number; toestemming=consented_on|day; "
                         "loting=randomized_on|day")
        session = "gekomen=attended|yn; datum=started_at|day|date; begin=started_at|clock_part|time; einde=ended_at|clock_part|time"
        dose = "ingenomen=taken|yn; inname_datum=dosed_at|day|date; inname=dosed_at|clock_part|time; dosis_mg=amount|number"
        names = [c.name for c in base]
        for no in (1, 2):
            names += [f"s{no}_{c.name}" for c in self.cols(f"{session}; {dose}")]
            names += [f"suds_{k}_s{no}_e{e}" for e in (1, 2, 3) for k in "bpe"]
        sheet = out["deelnemers.csv"] = Sheet(names)
        for s in site.subjects:
            for row in s.records["subject"][0].rows():
                cells: dict[str, object] = dict.fromkeys(names, "") | {c.name: self.cell(row, c) for c in base}
                for record in s.records["session"]:
                    self._put(cells, record, self.cols(session), f"s{record.sent['session_no']}_")
                for record in s.records["dose"]:
                    self._put(cells, record, self.cols(dose), f"s{record.sent['session_no']}_")
                for record in s.records["rating"]:
                    for letter, name in (("b", "begin"), ("p", "peak"), ("e", "end")):
                        at = f"suds_{letter}_s{record.sent['session_no']}_e{record.sent['exercise_no']}"
                        cells[at] = self.cell(record, Col("", name, self.number))
                sheet.add(list(cells.values()), row)
        self.table(out, site, "lotinglijst.csv", "subject", "nr=subject_id; arm=arm; lotnummer=random_no")
        head = self.cols("nr=subject_id; meting=visit; datum=assessed_on|day")
        items = self.items("AQ-ACRO", lambda c: f"{'anx' if c[2] == 'A' else 'avd'}{int(c[3:])}")
        self.flat(out, "aq.csv", [*head, *items], self.forms(site, "AQ-ACRO"))
        self.table(out, site, "medicatie.csv", "medication", "nr=subject_id; middel=verbatim; dosis=dose_text; start=started_on|day; "
                   "stop=ended_on|day; loopt=ongoing|yn")
        self.table(out, site, "bijwerkingen.csv", "adverse_event", "nr=subject_id; klacht=verbatim; datum=started_on|day; "
                   "ernst=severity|lower; "
                   "ernstig=serious|yn; verband=related")
        self.table(out, site, "gestopt.csv", "disposition", "nr=subject_id; datum=withdrawn_on|day; reden=reason")
        return out

    def lower(self, value):
        return value.lower()

    def _put(self, cells: dict[str, object], record: Record, columns: list[Col], head: str) -> None:
        if not record.dropped:
            cells |= {head + c.name: self.cell(record, c) for c in columns}
