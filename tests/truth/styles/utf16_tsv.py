"""Barcelona: UTF-16 text with tabs, decimal comma, clock with a dot (14.05), SUDS on 0-8, the dose as capsules x strength."""

from __future__ import annotations

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style


class Utf16Tsv(Style):
    """Spanish names and codes; local clock."""

    name, study, zone = "utf16_tsv", "ocd01", "Europe/Madrid"
    scale, decimal, dose_kind, totals = "0-8", ",", "count", False
    date, time, delimiter, encoding = "%d/%m/%Y", "%H.%M", "\t", "utf-16"
    codes = {
        "yn": {True: "sí", False: "no"}, "sex": {"M": "varón", "F": "mujer"},
        "visit": {"BASELINE": "Basal", "WEEK 4": "Semana 4", "WEEK 7": "Semana 7", "POST": "Final"},
        "grade": {"MILD": "leve", "MODERATE": "moderado", "SEVERE": "grave"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: ocd01
timezone: Europe/Madrid
source: {kind: files, path: exports/{site}}
subject_id: {from: paciente, pattern: "BCN(?P<id>\\d{3})"}
defaults: {encoding: utf-16, delimiter: "\t", decimal: ","}
tables:
  subject:
    file: pacientes.txt
    fields:
      age_years: edad
      sex: {from: sexo, map: {varón: M, mujer: F}}
      weight_kg: {from: peso_kg, unit: kg}
      consented_on: {from: consentimiento, format: "%d/%m/%Y"}
      randomized_on: {from: aleatorizacion, format: "%d/%m/%Y"}
  session:
    file: sesiones.txt
    fields:
      session_no: sesion
      attended: {from: asiste, map: {sí: true, no: false}}
      started_at: {from: inicio, format: "%d/%m/%Y %H.%M"}
      exposure_started_at: {from: exposicion, format: "%d/%m/%Y %H.%M"}
      ended_at: {from: fin, format: "%d/%m/%Y %H.%M"}
  dose:
    file: dosis.txt
    fields:
      session_no: sesion
      time_point: {const: PRE}
      taken: {from: tomada, map: {sí: true, no: false}}
      dose: {from: n_capsulas, times: mg_capsula, unit: mg}
      dosed_at: {from: hora, format: "%d/%m/%Y %H.%M"}
  rating:
    file: usas.txt
    fields:
      session_no: sesion
      exercise_no: ejercicio
      begin: {from: inicio, scale: 0-8}
      peak: {from: maximo, scale: 0-8}
      end: {from: fin, scale: 0-8}
  assessment:
    - file: cybocs.txt
      wide: {pattern: "cy(?P<item>\\d+)", item: "CYB{item:02d}"}
      fields:
        instrument: {const: CY-BOCS}
        visit: {from: visita, map: {Basal: BASELINE, Semana 4: WEEK 4, Semana 7: WEEK 7, Final: POST}}
        assessed_on: {from: fecha, format: "%d/%m/%Y"}
    - file: cgi.txt
      fields:
        instrument: {const: CGI-S}
        item: {const: CGI0101}
        value: gravedad
        visit: {from: visita, map: {Basal: BASELINE, Semana 4: WEEK 4, Semana 7: WEEK 7, Final: POST}}
        assessed_on: {from: fecha, format: "%d/%m/%Y"}
  medication:
    file: medicacion.txt
    fields:
      verbatim: farmaco
      dose_text: dosis
      started_on: {from: desde, format: ["%d/%m/%Y", "%m/%Y"], partial: true}
      ended_on: {from: hasta, format: ["%d/%m/%Y", "%m/%Y"], partial: true}
      ongoing: {from: continua, map: {sí: true, no: false}}
  adverse_event:
    file: acontecimientos.txt
    fields:
      verbatim: acontecimiento
      started_on: {from: fecha, format: "%d/%m/%Y"}
      severity: {from: intensidad, map: {leve: MILD, moderado: MODERATE, grave: SEVERE}}
      serious: {from: grave, map: {sí: true, no: false}}
      related: relacion
  disposition:
    file: abandonos.txt
    fields: {withdrawn_on: {from: fecha, format: "%d/%m/%Y"}, reason: motivo, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"BCN{number:03d}"

    def amount(self, mg):
        return {"amount": mg / 25, "strength": 25.0, "unit": "mg"}

    def partial(self, iso):
        return f"{iso[5:]}/{iso[:4]}" if len(iso) == 7 else super().partial(iso)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "pacientes.txt", "subject", "paciente=subject_id; edad=age_years|number; sexo=sex|sex; "
                   "peso_kg=weight|number; "
                   "consentimiento=consented_on|day; aleatorizacion=randomized_on|day")
        self.table(out, site, "sesiones.txt", "session", "paciente=subject_id; sesion=session_no|number; asiste=attended|yn; "
                   "inicio=started_at|instant; exposicion=exposure_started_at|instant; fin=ended_at|instant")
        self.table(out, site, "dosis.txt", "dose", "paciente=subject_id; sesion=session_no|number; tomada=taken|yn; "
                   "n_capsulas=amount|number; "
                   "mg_capsula=strength|number; hora=dosed_at|instant")
        self.table(out, site, "usas.txt", "rating", "paciente=subject_id; sesion=session_no|number; ejercicio=exercise_no|number; "
                   "inicio=begin|number; maximo=peak|number; fin=end|number")
        head = self.cols("paciente=subject_id; visita=visit|visit; fecha=assessed_on|day")
        self.flat(out, "cybocs.txt", [*head, *self.items("CY-BOCS", lambda c: f"cy{int(c[3:])}")], self.forms(site, "CY-BOCS"))
        self.flat(out, "cgi.txt", [*head, *self.cols("gravedad=item:CGI0101|number")], self.forms(site, "CGI-S"))
        self.table(out, site, "medicacion.txt", "medication", "paciente=subject_id; farmaco=verbatim; dosis=dose_text; "
                   "desde=started_on|day; "
                   "hasta=ended_on|day; continua=ongoing|yn")
        self.table(out, site, "acontecimientos.txt", "adverse_event", "paciente=subject_id; acontecimiento=verbatim; fecha=started_on|day; "
                   "intensidad=severity|grade; grave=serious|yn; relacion=related")
        self.table(out, site, "abandonos.txt", "disposition", "paciente=subject_id; fecha=withdrawn_on|day; motivo=reason")
        return out
