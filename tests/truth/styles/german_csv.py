"""Berlin: semicolon CSV in latin-1, decimal comma, d.m.Y, doses as text with their unit, SUDS on 0-10 with -9 for not asked."""

from __future__ import annotations

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style

VISITS = {"BASELINE": "Ausgang", "WEEK 4": "Woche 4", "WEEK 8": "Woche 8", "POST": "Ende", "FU1M": "Nachsorge"}


class GermanCsv(Style):
    """German conventions; date and time in two columns."""

    name, study, zone = "german_csv", "sad01", "Europe/Berlin"
    scale, split, decimal, dose_kind, unit = "0-10", True, ",", "in_text", "g"
    date, delimiter, encoding, id_pad = "%d.%m.%Y", ";", "latin-1", 4
    codes = {
        "yn": {True: "ja", False: "nein"}, "sex": {"M": "m", "F": "w"}, "visit": VISITS,
        "grade": {"MILD": "leicht", "MODERATE": "mittel", "SEVERE": "schwer"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: sad01
timezone: Europe/Berlin
source: {kind: files, path: exports/{site}}
subject_id: {from: PatNr, pattern: "PT-(?P<id>\\d{1,4})", pad: 4}
defaults: {encoding: latin-1, delimiter: ";", decimal: ",", missing: ["k.A."]}
tables:
  subject:
    file: patienten.csv
    fields:
      age_years: Alter
      sex: {from: Geschlecht, map: {m: M, w: F}}
      weight_kg: {from: Gewicht, unit: kg}
      consented_on: {from: Einwilligung, format: "%d.%m.%Y"}
      randomized_on: {from: Randomisierung, format: "%d.%m.%Y"}
  session:
    file: sitzungen.csv
    fields:
      session_no: {from: Sitzung, pattern: "S(?P<value>\\d+)"}
      attended: {from: erschienen, map: {ja: true, nein: false}}
      started_at: {from: [Datum, Beginn], format: "%d.%m.%Y %H:%M"}
      exposure_started_at: {from: [Datum, Exposition], format: "%d.%m.%Y %H:%M"}
      ended_at: {from: [Datum, Ende], format: "%d.%m.%Y %H:%M"}
  dose:
    file: medikation_*.csv
    fields:
      session_no: {from: Sitzung, pattern: "S(?P<value>\\d+)"}
      time_point: {const: PRE}
      dose: {from: Dosis, split_unit: true}
      taken: {from: eingenommen, map: {ja: true, nein: false}}
      dosed_at: {from: [Datum, Uhrzeit], format: "%d.%m.%Y %H:%M"}
  rating:
    file: suds.csv
    fields:
      session_no: {from: Sitzung, pattern: "S(?P<value>\\d+)"}
      exercise_no: Übung
      begin: {from: Beginn, scale: 0-10, missing: ["-9"]}
      peak: {from: Maximum, scale: 0-10, missing: ["-9"]}
      end: {from: Ende, scale: 0-10, missing: ["-9"]}
  assessment:
    - file: lsas.csv
      wide: {pattern: "lsas_(?P<half>[fa])(?P<item>\\d+)", item: "LS{half}{item:02d}"}
      fields:
        instrument: {const: LSAS}
        visit: {from: Zeitpunkt, map: {Ausgang: BASELINE, Woche 4: WEEK 4, Woche 8: WEEK 8, Ende: POST, Nachsorge: FU1M}}
        assessed_on: {from: Datum, format: "%d.%m.%Y"}
      totals: {LSASTOT: Summe}
    - file: spds.csv
      fields:
        instrument: {const: SPD-S}
        item: {const: SPDS}
        value: Schwere
        visit: {from: Zeitpunkt, map: {Ausgang: BASELINE, Woche 4: WEEK 4, Woche 8: WEEK 8, Ende: POST, Nachsorge: FU1M}}
        assessed_on: {from: Datum, format: "%d.%m.%Y"}
  medication:
    file: begleitmedikation.csv
    fields:
      verbatim: Praeparat
      dose_text: Dosis
      started_on: {from: von, format: ["%d.%m.%Y", "%m.%Y"], partial: true}
      ended_on: {from: bis, format: ["%d.%m.%Y", "%m.%Y"], partial: true}
      ongoing: {from: laufend, map: {ja: true, nein: false}}
  adverse_event:
    file: ereignisse.csv
    fields:
      verbatim: Ereignis
      started_on: {from: Beginn, format: "%d.%m.%Y"}
      severity: {from: Schwere, map: {leicht: MILD, mittel: MODERATE, schwer: SEVERE}}
      serious: {from: schwerwiegend, map: {ja: true, nein: false}}
      related: Zusammenhang
  disposition:
    file: abbruch.csv
    fields: {withdrawn_on: {from: Datum, format: "%d.%m.%Y"}, reason: Grund, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:04d}"

    def id_text(self, number):
        return f"PT-{number:04d}"

    def session(self, value):
        return f"S{value}"

    def partial(self, iso):
        return f"{iso[5:]}.{iso[:4]}" if len(iso) == 7 else super().partial(iso)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        for record in (r for t in ("dose",) for r0 in self.of(site, t) for r in r0.rows()):
            if record.sent["amount"] is not None:
                record.sent["dose"] = " ".join(x for x in (self.number(record.sent["amount"]), record.sent["unit"]) if x)
            else:
                record.sent["dose"] = None
        self.table(out, site, "patienten.csv", "subject", "PatNr=subject_id; Alter=age_years|number; Geschlecht=sex|sex; "
                   "Gewicht=weight|number; Einwilligung=consented_on|day; Randomisierung=randomized_on|day")
        self.table(out, site, "sitzungen.csv", "session", "PatNr=subject_id; Sitzung=session_no|session; erschienen=attended|yn; "
                   "Datum=started_at|day|date; Beginn=started_at|clock_part|time; Exposition=exposure_started_at|clock_part|time; "
                   "Ende=ended_at|clock_part|time")
        self.table(out, site, "medikation_2024.csv", "dose", "PatNr=subject_id; Sitzung=session_no|session; Dosis=dose; "
                   "eingenommen=taken|yn; "
                   "Datum=dosed_at|day|date; Uhrzeit=dosed_at|clock_part|time")
        self.table(out, site, "suds.csv", "rating", "PatNr=subject_id; Sitzung=session_no|session; Übung=exercise_no|number; "
                   "Beginn=begin|number; Maximum=peak|number; Ende=end|number")
        head = self.cols("PatNr=subject_id; Zeitpunkt=visit|visit; Datum=assessed_on|day")
        lsas = self.items("LSAS", lambda c: f"lsas_{c[2].lower()}{int(c[3:])}")
        self.flat(out, "lsas.csv", [*head, *lsas, *self.cols("Summe=total|number")], self.forms(site, "LSAS"))
        self.flat(out, "spds.csv", [*head, *self.cols("Schwere=item:SPDS|number")], self.forms(site, "SPD-S"))
        self.table(out, site, "begleitmedikation.csv", "medication", "PatNr=subject_id; Praeparat=verbatim; Dosis=dose_text; "
                   "von=started_on|day; bis=ended_on|day; laufend=ongoing|yn")
        self.table(out, site, "ereignisse.csv", "adverse_event", "PatNr=subject_id; Ereignis=verbatim; Beginn=started_on|day; "
                   "Schwere=severity|grade; schwerwiegend=serious|yn; Zusammenhang=related")
        self.table(out, site, "abbruch.csv", "disposition", "PatNr=subject_id; Datum=withdrawn_on|day; Grund=reason")
        for row in out["suds.csv"].rows:
            row[3:6] = [v or "-9" for v in row[3:6]]
        return out
