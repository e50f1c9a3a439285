"""Stockholm: a workbook with typed cells, title rows above two headers, a note and a sum below; Swedish names and codes."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style

BOOK = "ocd01_export.xlsx"


class Excel(Style):
    """Typed dates, numbers and texts; a text in a number cell stays a text."""

    name, study, zone = "excel", "ocd01", "Europe/Stockholm"
    delimited, typed, blank, one_file = False, True, None, True
    codes = {
        "yn": {True: "Ja", False: "Nej"}, "sex": {"M": "Pojke", "F": "Flicka"},
        "visit": {"BASELINE": "Baslinje", "WEEK 4": "Vecka 4", "WEEK 7": "Vecka 7", "POST": "Avslut"},
        "grade": {"MILD": "lindrig", "MODERATE": "måttlig", "SEVERE": "svår"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: ocd01
timezone: Europe/Stockholm
source: {kind: files, path: exports/{site}}
subject_id: {from: Patient, pattern: "S(?P<id>\\d{3})"}
tables:
  subject:
    file: ocd01_export.xlsx
    sheet: Patienter
    header_row: 3
    end_at: "Vikt i kg.*"
    fields:
      age_years: Ålder
      sex: {from: Kön, map: {Pojke: M, Flicka: F}}
      weight_kg: {from: Vikt, unit: kg}
      consented_on: {from: Samtycke, format: "%Y-%m-%d"}
      randomized_on: {from: Randomisering, format: "%Y-%m-%d"}
  session:
    file: ocd01_export.xlsx
    sheet: Sessioner
    fields:
      session_no: Session
      attended: {from: Närvaro, map: {Ja: true, Nej: false}}
      started_at: {from: Start, format: "%Y-%m-%dT%H:%M:%S"}
      exposure_started_at: {from: Exponering, format: "%Y-%m-%dT%H:%M:%S"}
      ended_at: {from: Slut, format: "%Y-%m-%dT%H:%M:%S"}
  dose:
    file: ocd01_export.xlsx
    sheet: Doser
    fields:
      session_no: Session
      time_point: {const: PRE}
      taken: {from: Tagen, map: {Ja: true, Nej: false}}
      dose: {from: Dos, unit: {from: Enhet}}
      dosed_at: {from: Tidpunkt, format: "%Y-%m-%dT%H:%M:%S"}
  rating:
    file: ocd01_export.xlsx
    sheet: SUDS
    fields:
      session_no: Session
      exercise_no: Övning
      begin: {from: Start, scale: 0-100}
      peak: {from: Max, scale: 0-100}
      end: {from: Slut, scale: 0-100}
  assessment:
    - file: ocd01_export.xlsx
      sheet: CY-BOCS
      header_row: 2
      skip_end: 1
      wide: {pattern: "fråga (?P<item>\\d+)", item: "CYB{item:02d}"}
      fields: {instrument: {const: CY-BOCS}, visit: Besök, assessed_on: {from: Datum, format: "%Y-%m-%d"}}
      totals: {CYBOCTOT: Summa}
    - file: ocd01_export.xlsx
      sheet: CGI
      fields: {instrument: {const: CGI-S}, item: {const: CGI0101},
               value: CGI-S, visit: Besök, assessed_on: {from: Datum, format: "%Y-%m-%d"}}
  medication:
    file: ocd01_export.xlsx
    sheet: Läkemedel
    fields:
      verbatim: Läkemedel
      dose_text: Dos
      started_on: {from: Insatt, partial: true}
      ended_on: {from: Utsatt, partial: true}
      ongoing: {from: Pågår, map: {Ja: true, Nej: false}}
  adverse_event:
    file: ocd01_export.xlsx
    sheet: Biverkningar
    fields:
      verbatim: Händelse
      started_on: {from: Datum, format: "%Y-%m-%d"}
      severity: {from: Grad, map: {lindrig: MILD, måttlig: MODERATE, svår: SEVERE}}
      serious: {from: Allvarlig, map: {Ja: true, Nej: false}}
      related: Samband
  disposition:
    file: ocd01_export.xlsx
    sheet: Avbrott
    fields: {withdrawn_on: {from: Datum, format: "%Y-%m-%d"}, reason: Orsak, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"S{number:03d}"

    def number(self, value):
        return value

    def day(self, value):
        return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value

    def instant(self, value):
        return value.replace(tzinfo=None)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        at = lambda name: f"{BOOK}#{name}"  # noqa: E731
        self.table(out, site, at("Patienter"), "subject", "Patient=subject_id; Ålder=age_years; Kön=sex|sex; Vikt=weight; "
                   "Samtycke=consented_on|day; Randomisering=randomized_on|day")
        self.table(out, site, at("Sessioner"), "session", "Patient=subject_id; Session=session_no; Närvaro=attended|yn; "
                   "Start=started_at|instant; Exponering=exposure_started_at|instant; Slut=ended_at|instant")
        self.table(out, site, at("Doser"), "dose", "Patient=subject_id; Session=session_no; Tagen=taken|yn; Dos=amount; Enhet=unit; "
                   "Tidpunkt=dosed_at|instant")
        self.table(out, site, at("SUDS"), "rating", "Patient=subject_id; Session=session_no; Övning=exercise_no; "
                   "Start=begin; Max=peak; Slut=end")
        head = self.cols("Patient=subject_id; Besök=visit|visit; Datum=assessed_on|day")
        items = self.items("CY-BOCS", lambda c: f"fråga {int(c[3:])}")
        self.flat(out, at("CY-BOCS"), [*head, *items, *self.cols("Summa=total")], self.forms(site, "CY-BOCS"))
        self.flat(out, at("CGI"), [*head, *self.cols("CGI-S=item:CGI0101")], self.forms(site, "CGI-S"))
        self.table(out, site, at("Läkemedel"), "medication", "Patient=subject_id; Läkemedel=verbatim; Dos=dose_text; "
                   "Insatt=started_on|day; "
                   "Utsatt=ended_on|day; Pågår=ongoing|yn")
        self.table(out, site, at("Biverkningar"), "adverse_event", "Patient=subject_id; Händelse=verbatim; Datum=started_on|day; "
                   "Grad=severity|grade; Allvarlig=serious|yn; Samband=related")
        self.table(out, site, at("Avbrott"), "disposition", "Patient=subject_id; Datum=withdrawn_on|day; Orsak=reason")
        return out

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """One workbook."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, sheet in sheets.items():
            page = book.create_sheet(name.partition("#")[2])
            if page.title == "Patienter":
                page.append(["OCD01, alla patienter"])
                page.append([])
            if page.title == "CY-BOCS":
                page.append(["CY-BOCS, fråga 1-10"])
            page.append(sheet.columns)
            for row in sheet.rows:
                page.append(row)
            if page.title == "Patienter":
                page.append(["Vikt i kg vid start"])
            if page.title == "CY-BOCS":
                page.append(["Antal", len(sheet.rows)])
            for cells in page.iter_rows(min_row=2):
                for cell in cells:
                    if isinstance(cell.value, dt.datetime):
                        cell.number_format = "yyyy-mm-dd hh:mm"
                    elif isinstance(cell.value, dt.date):
                        cell.number_format = "yyyy-mm-dd"
        out = io.BytesIO()
        book.save(out)
        return {BOOK: out.getvalue()}
