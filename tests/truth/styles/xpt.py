"""Atlanta: SDTM-shaped SAS transport files: dose in grams, weight a VS record, randomization a DS record, SUDS and AQ in QS."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pyreadstat

from tests.truth.programme import item_codes
from tests.truth.records import Record, Site
from tests.truth.styles.base import Col, Sheet, Style


class Xpt(Style):
    """CDISC variable names; one value a row in the findings domains."""

    name, study, zone = "xpt", "acro01", "America/New_York"
    unit, between, has_exposure, totals, delimited, typed = "g", "T", False, False, False, True
    codes = {
        "yn": {True: "Y", False: "N"}, "ongo": {True: "ONGOING", False: "BEFORE"}, "point": {"PRE": "PRE-SESSION", "POST": "POST-SESSION"},
    }  # fmt: skip
    yaml = r"""
site_id: "{site}"
study: acro01
timezone: America/New_York
source: {kind: files, path: exports/{site}}
subject_id: {from: USUBJID, pattern: "ACRO01-(?P<id>\\d{3})"}
tables:
  subject:
    file: dm.xpt
    join:
      - {file: vs.xpt, on: {USUBJID: USUBJID}, where: {VSTESTCD: WEIGHT}, take: {weight: VSORRES, weight_unit: VSORRESU}}
      - {file: ds.xpt, on: {USUBJID: USUBJID}, where: {DSDECOD: RANDOMIZED}, take: {randomized: DSSTDTC}}
    fields:
      age_years: AGE
      sex: SEX
      weight_kg: {from: weight, unit: {from: weight_unit}}
      consented_on: {from: RFICDTC, format: "%Y-%m-%d"}
      randomized_on: {from: randomized, format: "%Y-%m-%d"}
    ignore_columns: [STUDYID]
  randomization:
    file: dm.xpt
    fields: {arm: ARMCD}
  session:
    file: sv.xpt
    fields:
      session_no: VISITNUM
      attended: {from: SVOCCUR, map: {Y: true, N: false}}
      started_at: {from: SVSTDTC, format: "%Y-%m-%dT%H:%M"}
      ended_at: {from: SVENDTC, format: "%Y-%m-%dT%H:%M"}
  dose:
    file: ec.xpt
    fields:
      session_no: VISITNUM
      time_point: {from: ECTPT, map: {PRE-SESSION: PRE, POST-SESSION: POST}}
      record_no: ECSEQ
      taken: {from: ECOCCUR, map: {Y: true, N: false}}
      dose: {from: ECDOSE, unit: {from: ECDOSU}}
      dosed_at: {from: ECSTDTC, format: "%Y-%m-%dT%H:%M"}
  rating:
    file: qs.xpt
    where: {QSCAT: SUDS}
    long: {test: QSTESTCD, value: QSORRES, by: [USUBJID, VISITNUM, QSGRPID]}
    fields:
      session_no: VISITNUM
      exercise_no: QSGRPID
      begin: {from: SUDSBEG, scale: 0-100}
      peak: {from: SUDSPEAK, scale: 0-100}
      end: {from: SUDSEND, scale: 0-100}
  assessment:
    file: qs.xpt
    where: {QSCAT: AQ}
    fields: {instrument: {const: AQ-ACRO}, visit: VISIT, assessed_on: {from: QSDTC, format: "%Y-%m-%d"}, item: QSTESTCD, value: QSORRES}
  medication:
    file: cm.xpt
    fields:
      record_no: CMSEQ
      verbatim: CMTRT
      dose_text: CMDOSTXT
      started_on: {from: CMSTDTC, partial: true}
      ended_on: {from: CMENDTC, partial: true}
      ongoing: {from: CMENRTPT, map: {ONGOING: true, BEFORE: false}}
  adverse_event:
    file: ae.xpt
    fields:
      record_no: AESEQ
      verbatim: AETERM
      started_on: {from: AESTDTC, partial: true}
      severity: AESEV
      serious: {from: AESER, map: {Y: true, N: false}}
      related: AEREL
  disposition:
    file: ds.xpt
    where: {DSDECOD: WITHDRAWAL BY SUBJECT}
    fields: {withdrawn_on: {from: DSSTDTC, format: "%Y-%m-%d"}, reason: DSDECOD, scope: {const: stop}}
ignore_rows:
  - {file: ds.xpt, where: {DSDECOD: RANDOMIZED}}
"""

    def subjid(self, number):
        return f"{number:03d}"

    def id_text(self, number):
        return f"ACRO01-{number:03d}"

    def real(self, value):
        return value if isinstance(value, str) else float(value)

    def sheets(self, site: Site) -> dict[str, Sheet]:
        out: dict[str, Sheet] = {}
        self.table(out, site, "dm.xpt", "subject", "USUBJID=subject_id; AGE=age_years|real; SEX=sex; RFICDTC=consented_on|day; ARMCD=arm")
        vs = Sheet(["USUBJID", "VSTESTCD", "VSORRES", "VSORRESU"])
        ds = Sheet(["USUBJID", "DSDECOD", "DSSTDTC"])
        for record in (row for r in self.of(site, "subject") for row in r.rows()):
            cells = {c: self.cell(record, Col("", c, w)) for c, w in
                     (("subject_id", str), ("weight", self.number), ("weight_unit", str), ("randomized_on", self.day))}
            vs.add([cells["subject_id"], "WEIGHT", cells["weight"], cells["weight_unit"] or "kg"], record)
            if row_first(record):
                ds.add([cells["subject_id"], "RANDOMIZED", cells["randomized_on"]], record)
        out |= {"vs.xpt": vs, "ds.xpt": ds}
        for record in (row for r in self.of(site, "disposition") for row in r.rows()):
            me, day = self.cell(record, Col("", "subject_id")), self.cell(record, Col("", "withdrawn_on", self.day))
            ds.add([me, "WITHDRAWAL BY SUBJECT", day], record)
        self.table(out, site, "sv.xpt", "session", "USUBJID=subject_id; VISITNUM=session_no|real; SVOCCUR=attended|yn; "
                   "SVSTDTC=started_at|instant; "
                   "SVENDTC=ended_at|instant")
        self.table(out, site, "ec.xpt", "dose", "USUBJID=subject_id; ECSEQ=record_no|real; VISITNUM=session_no|real; "
                   "ECTPT=time_point|point; "
                   "ECOCCUR=taken|yn; ECDOSE=amount|real; ECDOSU=unit; ECSTDTC=dosed_at|instant")
        self._qs(out, site)
        self.table(out, site, "cm.xpt", "medication", "USUBJID=subject_id; CMSEQ=record_no|real; CMTRT=verbatim; CMDOSTXT=dose_text; "
                   "CMSTDTC=started_on|day; CMENDTC=ended_on|day; CMENRTPT=ongoing|ongo")
        self.table(out, site, "ae.xpt", "adverse_event", "USUBJID=subject_id; AESEQ=record_no|real; AETERM=verbatim; "
                   "AESTDTC=started_on|day; "
                   "AESEV=severity; AESER=serious|yn; AEREL=related")
        return out

    def _qs(self, out: dict[str, Sheet], site: Site) -> None:
        qs = out["qs.xpt"] = Sheet(["USUBJID", "QSCAT", "QSTESTCD", "QSORRES", "VISIT", "VISITNUM", "QSGRPID", "QSDTC"])
        for record in (row for r in self.of(site, "rating") for row in r.rows()):
            keys = (("subject_id", str), ("session_no", self.real), ("exercise_no", self.number))
            me, no, group = (self.cell(record, Col("", f, w)) for f, w in keys)
            for code, name in (("SUDSBEG", "begin"), ("SUDSPEAK", "peak"), ("SUDSEND", "end")):
                value = self.cell(record, Col("", name, self.number))
                if value != "":
                    qs.add([me, "SUDS", code, value, "", no, group, ""], record)
        for form in self.forms(site, "AQ-ACRO"):
            for row in form.rows():
                self._form(qs, row)

    def _form(self, qs: Sheet, row: Record) -> None:
        me, visit, day = (self.cell(row, Col("", f, w)) for f, w in (("subject_id", str), ("visit", str), ("assessed_on", self.day)))
        for code, _, _ in item_codes("AQ-ACRO"):
            value = self.cell(row, Col("", f"item:{code}", self.number))
            if value != "":
                qs.add([me, "AQ", code, value, visit, None, "", day], row)

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """One transport file a domain; a column with a text in it is a text column."""
        out = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, sheet in sheets.items():
                columns = {}
                for n, column in enumerate(sheet.columns):
                    cells = [r[n] for r in sheet.rows]
                    numeric = all(c is None or c == "" or isinstance(c, float) for c in cells) and any(isinstance(c, float) for c in cells)
                    columns[column] = [None if c == "" else c for c in cells] if numeric else ["" if c is None else _text(c) for c in cells]
                path = Path(folder) / name
                pyreadstat.write_xport(pd.DataFrame(columns), str(path), table_name=name[:2].upper(), file_format_version=5)
                out[name] = path.read_bytes()
        return out


def row_first(record: Record) -> bool:
    """Whether this row is the participant's own, not a copy."""
    return record is record.subject.records["subject"][0]


def _text(cell: object) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)
