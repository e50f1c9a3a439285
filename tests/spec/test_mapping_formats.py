"""How a site's file says what format its export has, and what becomes of the codes and labels such a file brings along."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from pydantic import ValidationError

from flows.readers import FORMATS
from schemas.formats import FileFormat
from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path):
    (tmp_path / "a").mkdir()
    return MappingBench(tmp_path)


def notes(b):
    return [row[0] for row in b.con.execute("select note from mapped.file_note").fetchall()]


def spss(b, name="subjects.sav"):
    frame = pd.DataFrame({"id": ["1", "2", "3"], "age": [31.0, 999.0, 44.0], "sex": [1.0, 2.0, 9.0]})
    labels = {"sex": {1: "männlich", 2: "weiblich", 9: "keine Angabe"}}
    pyreadstat.write_sav(frame, b.folder / "a" / name, variable_value_labels=labels, missing_ranges={"age": [999], "sex": [9]})


def test_the_names_a_site_may_give_are_those_of_the_readers():
    assert {str(f) for f in FileFormat} == set(FORMATS), "schemas/formats.py names what flows/readers/formats.py reads"


def test_a_format_or_an_option_that_is_unknown_is_refused_with_the_allowed_values(b):
    with pytest.raises(ValidationError, match=r"'delimited', .*'xlsx', .*'sav'"):
        b.unit("subject: {file: s.csv, format: spss, fields: {subject_id: id}}")
    with pytest.raises(ValidationError, match="'codes', 'text' or 'beside'"):
        b.unit("subject: {file: s.csv, value_labels: both, fields: {subject_id: id}}")


def test_a_code_that_the_spss_file_declares_missing_is_no_value(b):
    spss(b)
    b.map("subject: {file: '*.sav', fields: {subject_id: id, age_years: age, sex: {from: sex, map: {'1': M, '2': F}}}}")
    assert b.rows("subject", "subject_id", "age_years", "sex", "sex_fault") == [
        ("1", 31.0, "M", None), ("2", None, "F", None), ("3", 44.0, None, None),
    ]  # fmt: skip
    assert notes(b) == []


def test_rows_that_excel_hides_are_kept_and_told(b):
    book = openpyxl.Workbook()
    for row in (["id", "age"], ["1", 31], ["2", 32]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(b.folder / "a" / "s.xlsx")
    b.map("subject: {file: s.xlsx, fields: {subject_id: id, age_years: age}}")
    assert b.rows("subject", "subject_id", "age_years") == [("1", 31.0), ("2", 32.0)]
    assert notes(b) == ["1 hidden row(s) are read like all others"]
    assert b.con.execute("select is_doubt from mapped.file_note").fetchall() == [(False,)]


def test_a_mapping_that_gives_such_a_code_a_meaning_is_told_to_keep_it(b):
    spss(b)
    mapping = "subject: {file: '*.sav', %sfields: {subject_id: id, sex: {from: sex, map: {'1': M, '2': F, '9': U}}}}"
    b.map(mapping % "")
    assert [n.partition(";")[0] for n in notes(b)] == [
        "column 'sex': the mapping gives ['9'] a meaning, but the file declares them missing"
    ]
    b.map(mapping % "user_missing: keep, ")
    assert b.rows("subject", "sex") == [("M",), ("F",), ("U",)]
    assert notes(b) == []


def test_value_labels_can_be_mapped_instead_of_codes(b):
    spss(b)
    fields = "fields: {subject_id: id, sex: {from: %s, map: {männlich: M, weiblich: F}}}"
    for how, column in (("text", "sex"), ("beside", "sex.label")):
        b.map(f"subject: {{file: '*.sav', value_labels: {how}, {fields % column}}}")
        assert b.rows("subject", "sex", "sex_fault") == [("M", None), ("F", None), (None, None)]


def test_a_format_can_be_named_where_the_file_s_ending_does_not_tell(b):
    spss(b, "export.bin")
    b.map("subject: {file: export.bin, format: sav, fields: {subject_id: id}}")
    assert b.rows("subject", "subject_id") == [("1",), ("2",), ("3",)]


ODM = """<?xml version="1.0"?><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"><Study OID="S"><MetaDataVersion OID="M">
<ItemGroupDef OID="IG.DM" Name="Demography"><ItemRef ItemOID="AGE"/><ItemRef ItemOID="HAND"/></ItemGroupDef>
<ItemGroupDef OID="IG.EX" Name="Dosing"><ItemRef ItemOID="DOSE"/></ItemGroupDef>
<ItemDef OID="AGE" Name="Age"/><ItemDef OID="HAND" Name="Hand"/><ItemDef OID="DOSE" Name="Dose"/></MetaDataVersion></Study>
<ClinicalData StudyOID="S"><SubjectData SubjectKey="1"><StudyEventData StudyEventOID="V" StudyEventRepeatKey="3"><FormData FormOID="F">
<ItemGroupData ItemGroupOID="IG.DM"><ItemData ItemOID="AGE" Value="31"/><ItemData ItemOID="HAND" Value="left"/></ItemGroupData>
<ItemGroupData ItemGroupOID="IG.EX" ItemGroupRepeatKey="1"><ItemData ItemOID="DOSE" Value="50"/></ItemGroupData>
<ItemGroupData ItemGroupOID="IG.EX" ItemGroupRepeatKey="2"><ItemData ItemOID="DOSE" Value="25"/></ItemGroupData>
</FormData></StudyEventData></SubjectData></ClinicalData></ODM>"""


def test_tables_read_the_item_groups_of_one_odm_document_and_its_keys_need_not_be_read(b):
    b.text("export.xml", ODM)
    b.map(
        """
        subject: {file: export.xml, sheet: Demography, fields: {subject_id: SubjectKey, age_years: AGE}}
        dose: {file: export.xml, sheet: IG.EX, fields: {
            subject_id: SubjectKey, session_no: StudyEventRepeatKey, record_no: ItemGroupRepeatKey,
            dose: {from: DOSE, unit: mg}, taken: {const: true}}}
        """
    )
    assert b.rows("subject", "subject_id", "age_years") == [("1", 31.0)]
    assert b.rows("dose", "subject_id", "session_no", "dose_mg") == [("1", 3, 50.0), ("1", 3, 25.0)]
    assert {(row[0], row[1]) for row in b.rows("file_column", "column_name", "used") if not row[1]} == {("HAND", False)}


def test_members_of_an_archive_are_named_as_if_it_were_a_folder_and_the_others_are_told(b):
    import zipfile

    with zipfile.ZipFile(b.folder / "a" / "export.zip", "w") as archive:
        archive.writestr("subjects_1.csv", "id\n1\n")
        archive.writestr("subjects_2.csv", "id\n2\n")
        archive.writestr("labs.csv", "id\n2\n")
    b.map("subject: {file: export.zip/subjects_*.csv, fields: {subject_id: id}}")
    assert b.rows("subject", "subject_id", "record_key") == [("1", "1"), ("2", "2")]
    assert b.rows("loose_row", "record_key", "fault") == [("export.zip/labs.csv", "unclaimed_file")]


def workbook(b, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(b.folder / "a" / "s.xlsx")


DAY, NOON = dt.date(2024, 3, 5), dt.time(12, 30)


def test_a_date_cell_is_read_whatever_format_its_screen_shows(b):
    workbook(b, [["id", "on"], ["1", DAY], ["2", dt.datetime(2024, 3, 5)], ["3", "05.03.2024"], ["4", "3/5/24"], ["5", 45356]])
    b.map("subject: {file: s.xlsx, fields: {subject_id: id, consented_on: {from: 'on', format: '%d.%m.%Y'}}}")
    assert b.rows("subject", "consented_on", "consented_on_fault") == [
        ("2024-03-05", None), ("2024-03-05", None), ("2024-03-05", None), (None, "unreadable"), (None, "unreadable"),
    ]  # fmt: skip


def test_a_date_cell_and_a_clock_cell_are_joined_whichever_of_them_is_text(b):
    midnight = dt.datetime(2024, 3, 5)
    rows = [["1", DAY, NOON], ["2", midnight, NOON], ["3", DAY, "12:30 PM"], ["4", "03/05/2024", NOON], ["5", "03/05/2024", "12:30 PM"]]
    workbook(b, [["id", "d", "t"], *rows, ["6", DAY, None], ["7", "05.03.2024", NOON]])
    mapping = "session: {file: s.xlsx, fields: {subject_id: id, session_no: {const: 1}, started_at: {from: [d, t]%s}}}"
    b.map(mapping % ", format: '%m/%d/%Y %I:%M %p'")
    noon = ("2024-03-05 12:30:00", "2024-03-05", None)
    assert b.rows("session", "started_at_local", "started_at_on", "started_at_fault") == [
        *[noon] * 5, (None, "2024-03-05", None), (None, None, "unreadable"),
    ]  # fmt: skip
    b.map(mapping % "")
    assert b.rows("session", "started_at_local", "started_at_on", "started_at_fault")[:2] == [noon, noon]


def test_text_files_are_read_by_the_declared_format_alone(b):
    b.file("s.csv", """
        id | on
        1  | 2024-03-05
        2  | 05.03.2024
    """)  # fmt: skip
    b.map("subject: {file: s.csv, fields: {subject_id: id, consented_on: {from: 'on', format: '%d.%m.%Y'}}}")
    assert b.rows("subject", "consented_on", "consented_on_fault") == [(None, "unreadable"), ("2024-03-05", None)]


def test_a_list_without_a_record_lacks_no_column(b):
    """JSON names columns in its records only: a site without an adverse event sends an empty list, not an export of another shape."""
    (b.folder / "a" / "e.json").write_text('{"ae": [], "people": [{"id": "1"}]}')
    b.map("""
subject: {file: e.json, sheet: people, fields: {subject_id: id}}
adverse_event: {file: e.json, sheet: ae, where: {kind: ae}, fields: {subject_id: id, verbatim: term, started_on: {from: [day, month]}}}
""")
    assert b.rows("subject", "subject_id") == [("1",)]
    assert b.rows("adverse_event", "subject_id", "verbatim") == []


def test_lists_without_a_record_are_empty_tables_however_they_are_read(b):
    """A join, a wide questionnaire, items one a row: without a record none of their columns is missing."""
    for name in ("people", "weights"):
        (b.folder / "a" / f"{name}.ndjson").write_text('{"id": "1"}\n' if name == "people" else "")
    (b.folder / "a" / "e.ndjson").write_text("\n")
    b.map("""
subject:
  file: people.ndjson
  join: [{file: weights.ndjson, on: {id: pat}, take: {kg: weight}}]
  fields: {subject_id: id, weight_kg: {from: kg, unit: kg}}
rating:
  file: e.ndjson
  wide: {pattern: 's(?P<session_no>[0-9]+)_(?P<column>b|e)'}
  fields: {subject_id: id, session_no: session_no, begin: {from: b, scale: 0-100}, end: {from: e, scale: 0-100}}
assessment:
  - {file: e.ndjson, wide: {pattern: "m(?P<n>\\\\d+)", item: "MI{n:02d}"}, totals: {MINITOT: total}, fields: {subject_id: id, visit: visit}}
  - {file: e.ndjson, fields: {subject_id: id, visit: visit, item: q, value: a}}
medication: {file: e.ndjson, long: {test: t, value: v, by: [id, n]}, fields: {subject_id: id, verbatim: CMTRT, record_no: n}}
""")
    assert b.rows("subject", "subject_id", "weight_kg") == [("1", None)]
    assert [b.rows(t, "subject_id") for t in ("rating", "form", "item", "medication")] == [[], [], [], []]
