"""Warsaw: one CDISC ODM-XML snapshot of an EDC; every table is an item group that repeats, units stand at the item."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from tests.truth.records import Site
from tests.truth.styles.base import Sheet, Style

FILE = "export.xml"


class Odm(Style):
    """ISO dates; the subject's own key, and items named as in the metadata."""

    name, study, zone = "odm", "sad01", "Europe/Warsaw"
    dose_kind, between, delimited, one_file, nested = "unit_column", "T", False, True, True
    codes = {"yn": {True: "Y", False: "N"}}
    yaml = r"""
site_id: "{site}"
study: sad01
timezone: Europe/Warsaw
source: {kind: files, path: exports/{site}}
subject_id: {from: SubjectKey, pattern: "PL-(?P<id>\\d{3})"}
tables:
  subject:
    file: export.xml
    sheet: IG.DM
    fields:
      age_years: I.AGE
      sex: I.SEX
      weight_kg: {from: I.WEIGHT, unit: kg}
      consented_on: {from: I.CONSENT, format: "%Y-%m-%d"}
      randomized_on: {from: I.RANDOMIZED, format: "%Y-%m-%d"}
  session:
    file: export.xml
    sheet: IG.SV
    fields:
      session_no: I.SESSION
      attended: {from: I.ATTENDED, map: {Y: true, N: false}}
      started_at: {from: I.START, format: "%Y-%m-%dT%H:%M"}
      exposure_started_at: {from: I.EXPOSURE, format: "%Y-%m-%dT%H:%M"}
      ended_at: {from: I.END, format: "%Y-%m-%dT%H:%M"}
  dose:
    file: export.xml
    sheet: IG.EC
    fields:
      session_no: I.SESSION
      time_point: {const: PRE}
      taken: {from: I.TAKEN, map: {Y: true, N: false}}
      dose: {from: I.DOSE, unit: {from: I.UNIT}}
      dosed_at: {from: I.TIME, format: "%Y-%m-%dT%H:%M"}
  rating:
    file: export.xml
    sheet: IG.SUDS
    fields:
      session_no: I.SESSION
      exercise_no: I.EXERCISE
      begin: {from: I.BEGIN, scale: 0-100}
      peak: {from: I.PEAK, scale: 0-100}
      end: {from: I.SUDSEND, scale: 0-100}
  assessment:
    - file: export.xml
      sheet: IG.LSAS
      wide: {pattern: "I\\.LSF(?P<item>\\d+)", item: "LSF{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: I.VISIT, assessed_on: {from: I.DATE, format: "%Y-%m-%d"}}
      totals: {LSASTOT: I.TOTAL}
    - file: export.xml
      sheet: IG.LSAS
      wide: {pattern: "I\\.LSA(?P<item>\\d+)", item: "LSA{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: I.VISIT, assessed_on: {from: I.DATE, format: "%Y-%m-%d"}}
    - file: export.xml
      sheet: IG.SPDS
      fields:
        instrument: {const: SPD-S}
        item: {const: SPDS}
        value: I.SPDS
        visit: I.VISIT
        assessed_on: {from: I.DATE, format: "%Y-%m-%d"}
  medication:
    file: export.xml
    sheet: IG.CM
    fields:
      verbatim: I.DRUG
      dose_text: I.DOSETEXT
      started_on: {from: I.FROM, partial: true}
      ended_on: {from: I.TO, partial: true}
      ongoing: {from: I.ONGOING, map: {Y: true, N: false}}
  adverse_event:
    file: export.xml
    sheet: IG.AE
    fields:
      verbatim: I.EVENT
      started_on: {from: I.FROM, format: "%Y-%m-%d"}
      severity: I.SEVERITY
      serious: {from: I.SERIOUS, map: {Y: true, N: false}}
      related: I.RELATED
  disposition:
    file: export.xml
    sheet: IG.DS
    fields: {withdrawn_on: {from: I.DATE, format: "%Y-%m-%d"}, reason: I.REASON, scope: {const: stop}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"PL-{number:03d}"

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        key = "SubjectKey=subject_id; "
        self.table(out, site, f"{FILE}#IG.DM", "subject", key + "I.AGE=age_years|number; I.SEX=sex; I.WEIGHT=weight|number; "
                   "I.CONSENT=consented_on|day; I.RANDOMIZED=randomized_on|day")
        self.table(out, site, f"{FILE}#IG.SV", "session", key + "I.SESSION=session_no|number; I.ATTENDED=attended|yn; "
                   "I.START=started_at|instant; I.EXPOSURE=exposure_started_at|instant; I.END=ended_at|instant")
        self.table(out, site, f"{FILE}#IG.EC", "dose", key + "I.SESSION=session_no|number; I.TAKEN=taken|yn; I.DOSE=amount|number; "
                   "I.UNIT=unit; I.TIME=dosed_at|instant")
        self.table(out, site, f"{FILE}#IG.SUDS", "rating", key + "I.SESSION=session_no|number; I.EXERCISE=exercise_no|number; "
                   "I.BEGIN=begin|number; I.PEAK=peak|number; I.SUDSEND=end|number")
        head = self.cols(key + "I.VISIT=visit; I.DATE=assessed_on|day")
        self.flat(out, f"{FILE}#IG.LSAS", [*head, *self.items("LSAS", lambda c: f"I.{c}"), *self.cols("I.TOTAL=total|number")],
                  self.forms(site, "LSAS"))
        self.flat(out, f"{FILE}#IG.SPDS", [*head, *self.items("SPD-S", lambda c: f"I.{c}")], self.forms(site, "SPD-S"))
        self.table(out, site, f"{FILE}#IG.CM", "medication", key + "I.DRUG=verbatim; I.DOSETEXT=dose_text; I.FROM=started_on|day; "
                   "I.TO=ended_on|day; I.ONGOING=ongoing|yn")
        self.table(out, site, f"{FILE}#IG.AE", "adverse_event", key + "I.EVENT=verbatim; I.FROM=started_on|day; I.SEVERITY=severity; "
                   "I.SERIOUS=serious|yn; I.RELATED=related")
        self.table(out, site, f"{FILE}#IG.DS", "disposition", key + "I.DATE=withdrawn_on|day; I.REASON=reason")
        return out

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """One document: the definitions, then every item group's instances in turn."""
        groups = {name.partition("#")[2]: sheet for name, sheet in sheets.items()}
        defined = "".join(
            f'<ItemGroupDef OID="{oid}" Name="{oid}" Repeating="Yes">' + "".join(f'<ItemRef ItemOID="{c}"/>' for c in sheet.columns[1:])
            + "</ItemGroupDef>" for oid, sheet in groups.items()
        )
        items = dict.fromkeys(c for sheet in groups.values() for c in sheet.columns[1:])
        defined += "".join(f'<ItemDef OID="{c}" Name="{c}" DataType="text"/>' for c in items)
        body = "".join(_instance(oid, n, sheet.columns, row) for oid, sheet in groups.items() for n, row in enumerate(sheet.rows, 1))
        head = '<?xml version="1.0" encoding="UTF-8"?><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot" ODMVersion="1.3.2">'
        forms = "".join(f'<ItemGroupRef ItemGroupOID="{oid}"/>' for oid in groups)
        study = f'<Study OID="S"><MetaDataVersion OID="M" Name="{escape(self.study)}"><FormDef OID="F" Name="F">{forms}</FormDef>{defined}'
        text = f'{head}{study}</MetaDataVersion></Study><ClinicalData StudyOID="S" MetaDataVersionOID="M">{body}</ClinicalData></ODM>'
        return {FILE: text.encode()}


def _instance(oid: str, number: int, columns: list[str], row: list[object]) -> str:
    """One row as an item group of its own; a blank cell is an item that is not there."""
    subject, *cells = row
    filled = [(c, str(v)) for c, v in zip(columns[1:], cells, strict=True) if v != ""]
    data = "".join(f"<ItemData ItemOID={quoteattr(c)} Value={quoteattr(v)}/>" for c, v in filled)
    group = f'<ItemGroupData ItemGroupOID="{oid}" ItemGroupRepeatKey="{number}">{data}</ItemGroupData>'
    event = f'<StudyEventData StudyEventOID="E"><FormData FormOID="F">{group}</FormData></StudyEventData>'
    return f"<SubjectData SubjectKey={quoteattr(str(subject))}>{event}</SubjectData>\n"
