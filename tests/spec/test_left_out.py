"""What a mapping leaves out although it looks like data: rows behind the end it declares, cells its `where` passes over, sheets."""

from __future__ import annotations

import json

import openpyxl
import pytest

from schemas.findings import ConfigurationError
from tests.harness import ModelBench
from tests.spec.mapping_bench import MappingBench

DOSE = "dose: {file: dose.csv, %s fields: {subject_id: {from: id, pattern: 'S(?P<id>\\d)'}, dose: {from: mg, unit: mg}, taken: taken}}"


@pytest.fixture
def b(tmp_path) -> MappingBench:
    return MappingBench(tmp_path)


@pytest.mark.parametrize(
    ("end", "set_aside"),
    [
        ("skip_end: 1,", []),  # the totals row names nobody
        ("skip_end: 2,", [3]),
        ("end_at: 'S3',", [3]),
        ("end_at: 'Sum',", []),
    ],
)
def test_a_row_behind_the_declared_end_that_looks_like_data_is_set_aside(b: MappingBench, end: str, set_aside: list[int]) -> None:
    b.file("dose.csv", "id | mg | taken\nS1 | 50 | 1\nS2 | 50 | 1\nS3 | 25 | 0\nSum | 125 |")
    b.map(DOSE % end)
    assert b.rows("loose_row", "fault", "source_row", "table_name") == [("cut_row", row, "dose") for row in set_aside]


def test_another_table_below_the_end_is_none_of_its_rows(b: MappingBench) -> None:
    b.file("dose.csv", "id | mg | taken\nS1 | 50 | 1\nS2 | 50 | 1\nWeights | |\nS1 | |\nS2 | |")
    b.map(DOSE % "end_at: Weights,")
    assert b.rows("loose_row", "fault") == []


def test_without_a_pattern_an_identifier_is_what_looks_like_the_others(b: MappingBench) -> None:
    b.file("dose.csv", "id | mg | taken\n101 | 50 | 1\n102 | 50 | 1\n103 | 50 | 1\n3 | 150 |")
    b.map("dose: {file: dose.csv, skip_end: 2, fields: {subject_id: id, dose: {from: mg, unit: mg}, taken: taken}}")
    assert b.rows("loose_row", "fault", "source_row") == [("cut_row", 3)]


DIARY = """
    session: {file: diary.csv, fields: {subject_id: id, session_no: no, attended: came}}
    dose:
      file: diary.csv
      where: {pill: {none_of: [".", "x"]}}
      fields: {subject_id: id, session_no: no, taken: {const: true}, dose: {from: mg, unit: mg, missing: ["0"]}}
"""


@pytest.mark.parametrize(
    ("row", "set_aside"),
    [
        ("S2 | 3 | 1 | y | 50", []),
        ("S2 | 3 | 1 | . |   ", []),
        ("S2 | 3 | 1 | . | 0 ", []),  # declared missing
        ("S2 | 3 | 1 | x | 50", [2]),  # an amount in a row that the table does not read
    ],
)
def test_a_cell_that_where_passes_over_and_nobody_else_reads_is_set_aside(b: MappingBench, row: str, set_aside: list[int]) -> None:
    b.file("diary.csv", f"id | no | came | pill | mg\nS1 | 3 | 1 | y | 50\n{row}")
    b.map(DIARY)
    assert b.rows("loose_row", "fault", "source_row", "table_name") == [("row_partly_read", n, "dose") for n in set_aside]


@pytest.mark.parametrize(("ignored", "set_aside"), [("", ["e.xlsx/Doses (2)"]), ("ignore_files: 'e.xlsx/Doses (2)'", [])])
def test_a_sheet_of_participants_that_nothing_reads_is_set_aside(b: MappingBench, tmp_path, ignored: str, set_aside: list[str]) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Doses"
    for name in ("Doses (2)", "Codebook"):
        book.create_sheet(name)
    for sheet, row in (("Doses", ("S1", 50)), ("Doses (2)", ("S2", 50)), ("Codebook", ("dose in mg", "who"))):
        book[sheet].append(("mg", "what") if sheet == "Codebook" else ("id", "mg"))
        book[sheet].append(row)
    (tmp_path / "a").mkdir()
    book.save(tmp_path / "a" / "e.xlsx")
    mapping = "dose: {file: e.xlsx, sheet: Doses, fields: {dose: {from: mg, unit: mg}}}"
    b.map(mapping, top=f"subject_id: id\n{ignored}")
    assert b.rows("loose_row", "fault", "record_key") == [("unclaimed_sheet", name) for name in set_aside]


ODM = """<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"><ClinicalData StudyOID="s" MetaDataVersionOID="m">
<SubjectData SubjectKey="S1"><StudyEventData StudyEventOID="E"><FormData FormOID="F">
<ItemGroupData ItemGroupOID="DOSE"><ItemData ItemOID="mg" Value="50"/></ItemGroupData></FormData>
<FormData FormOID="F2"><ItemGroupData ItemGroupOID="DOSE2"><ItemData ItemOID="mg" Value="25"/></ItemGroupData></FormData>
</StudyEventData></SubjectData></ClinicalData></ODM>"""


@pytest.mark.parametrize(("sheet", "set_aside"), [("DOSE", ["e.xml/F2/DOSE2"]), ("F", ["e.xml/F2/DOSE2"]), ("F2/DOSE2", ["e.xml/F/DOSE"])])
def test_an_item_group_that_nothing_reads_is_set_aside(b: MappingBench, sheet: str, set_aside: list[str]) -> None:
    b.text("e.xml", ODM)
    b.map(f"dose: {{file: e.xml, sheet: {sheet}, fields: {{subject_id: SubjectKey, dose: {{from: mg, unit: mg}}}}}}")
    assert b.rows("loose_row", "fault", "record_key") == [("unclaimed_sheet", name) for name in set_aside]


def test_an_instrument_of_redcap_that_nothing_reads_is_set_aside(b: MappingBench) -> None:
    names = ["field_name", "form_name", "field_type"]
    fields = [("record_id", "demo"), ("sex", "demo"), ("mg", "dosing"), ("mg2", "dosing_v2"), ("never", "empty")]
    b.text("dictionary.csv", "\n".join([",".join(names), *(f"{f},{form},text" for f, form in fields)]))
    b.text("data.json", json.dumps([{"record_id": "1", "sex": "F", "mg": "50", "mg2": "25", "never": ""}]))
    b.map("""
        subject: {file: data.json, format: redcap, companion: dictionary.csv, sheet: demo, fields: {subject_id: record_id, sex: sex}}
        dose: {file: data.json, format: redcap, companion: dictionary.csv, sheet: dosing,
               fields: {subject_id: record_id, dose: {from: mg, unit: mg}}}
    """)
    assert b.rows("loose_row", "fault", "record_key") == [("unclaimed_sheet", "data.json/dosing_v2")]


@pytest.mark.parametrize(
    ("missing", "noted"),
    [
        ("['99']", ["column 'e': 2 cell(s) hold ['99'], declared missing although it is a value of the scale"]),
        ("['-9', '999']", []),  # no fear ratings
        ("['98']", []),  # nobody sent it
    ],
)
def test_a_missing_code_that_is_a_value_of_the_scale_is_noted(b: MappingBench, missing: str, noted: list[str]) -> None:
    b.file("suds.csv", "id | no | ex | e\n1 | 3 | 1 | 99\n1 | 3 | 2 | 40\n2 | 3 | 1 | 99\n2 | 3 | 2 | -9")
    fields = f"{{subject_id: id, session_no: no, exercise_no: ex, end: {{from: e, scale: 0-100, missing: {missing}}}}}"
    b.map(f"rating: {{file: suds.csv, fields: {fields}}}")
    assert b.con.execute("select note, is_doubt from mapped.file_note").fetchall() == [(note, False) for note in noted]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{where: {state: {none_of: [final]}}}", 2),  # a draft and a misspelt `Final`
        ("{where: {state: draft}}", 1),
        ("{where: {state: note}}", 0),  # a note names a participant too, but is filled otherwise
    ],
)
def test_ignored_rows_that_are_filled_like_those_that_are_read_are_noted(b: MappingBench, rule: str, told: int) -> None:
    b.file("dose.csv", """
        id | state | mg | at
        S1 | final | 50 | 10:30
        S2 | final | 50 | 11:00
        S1 | draft | 25 | 12:00
        S2 | Final | 50 | 09:00
        S2 | note  |    | called the pharmacy
    """)  # fmt: skip
    b.map(
        "dose: {file: dose.csv, where: {state: final}, fields: {subject_id: id, dose: {from: mg, unit: mg}, record_no: at}}",
        top=f"ignore_rows: [{rule}]",
    )  # fmt: skip
    notes = [note for (note,) in b.con.execute("select note from mapped.file_note").fetchall()]
    assert [note.split(" row(s)")[0] for note in notes] == [f"ignore_rows leaves out {told}"] * (told > 0)


def test_every_thing_left_out_has_a_number_of_its_own(b: MappingBench) -> None:
    """Two files nobody reads, and a row that two mappings pass over: rows are counted by their number."""
    b.file("diary.csv", "id | no | came | pill | mg\nS1 | 3 | 1 | y | 50\nS2 | 3 | 1 | x | 50")
    for name in ("a.csv", "b.csv"):
        b.text(name, "x\n1\n")
    b.map(DIARY)
    assert b.rows("loose_row", "fault") == [("unclaimed_file",), ("unclaimed_file",), ("row_partly_read",)]
    assert b.con.execute("select count(distinct row_id) from mapped.loose_row").fetchall() == [(3,)]


def test_tables_that_each_read_their_own_kind_of_row_pass_nothing_over(b: MappingBench) -> None:
    """SDTM's QS: the visit stands in the rows of every category, and only the questionnaire's table reads it."""
    b.file("qs.csv", "id | cat | no | ex | e | visit\nS1 | SUDS | 3 | 1 | 40 | SESSION 3\nS1 | SPD | | | 4 | W4")
    b.map("""
        rating: {file: qs.csv, where: {cat: SUDS}, fields: {subject_id: id, session_no: no, exercise_no: ex, end: {from: e, scale: 0-100}}}
        assessment: {file: qs.csv, where: {cat: SPD}, fields: {subject_id: id, instrument: {const: MINI}, item: {const: MI04}, value: e,
                     visit: visit}}
    """)
    assert b.rows("loose_row", "fault") == []


@pytest.mark.parametrize("fault", ["cut_row", "row_partly_read", "unclaimed_sheet"])
def test_what_is_left_out_is_told_once(run_models: ModelBench, fault: str) -> None:
    run_models.given("mapped.loose_row", f"table_name | fault | detail\ndose | {fault} | ''")
    run_models.run("staging.loose_row")
    assert [rule for rule, _, _ in run_models.judge("loose_row")] == [fault]


UNITS = """<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"><ClinicalData StudyOID="s" MetaDataVersionOID="m">
<SubjectData SubjectKey="S1"><StudyEventData StudyEventOID="E"><FormData FormOID="F"><ItemGroupData ItemGroupOID="VS">
<ItemData ItemOID="weight" Value="180"><MeasurementUnitRef MeasurementUnitOID="lb"/></ItemData>
</ItemGroupData></FormData></StudyEventData></SubjectData></ClinicalData></ODM>"""


@pytest.mark.parametrize(("unit", "told"), [("kg", 1), ("lb", 0), ("{from: weight.unit}", 0)])
def test_a_value_that_names_its_own_unit_is_told_where_the_mapping_declares_another(b: MappingBench, unit: str, told: int) -> None:
    b.text("e.xml", UNITS)
    b.map(f"subject: {{file: e.xml, sheet: VS, fields: {{subject_id: SubjectKey, weight_kg: {{from: weight, unit: {unit}}}}}}}")
    notes = [note for note, is_doubt in b.con.execute("select note, is_doubt from mapped.file_note").fetchall() if is_doubt]
    assert [note.split(", so")[0] for note in notes] == ["column 'weight.unit' names the unit(s) ['lb'], the mapping declares 'kg'"] * told


SURVEY = (
    'StartDate,id,no\nStart Date,ID,No\n'
    '"{""ImportId"":""startDate"",""timeZone"":""%s""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n'
    "2024-03-05 14:00:00,S1,1\n"
)


@pytest.mark.parametrize(("zone", "clock", "told"), [
    ("Europe/Lisbon", "site", []),
    ("Europe/London", "site", []),  # another name of the same clock
    ("Z", "utc", []),
    ("America/Denver", "offset", []),
    ("Z", "site", ["column 'StartDate' is in the time zone UTC as the file says, the mapping reads it as Europe/Lisbon, "
                   "so each may be wrong: say clock: utc"]),
    ("America/Denver", "site", ["column 'StartDate' is in the time zone America/Denver as the file says, the mapping reads it as "
                                "Europe/Lisbon, so each may be wrong: ask for an export in the site's time zone"]),
    ("Europe/Lisbon", "utc", ["column 'StartDate' is in the time zone Europe/Lisbon as the file says, the mapping reads it as UTC, "
                              "so each may be wrong: ask for an export in the site's time zone"]),
])  # fmt: skip
def test_a_clock_that_the_file_names_is_held_against_the_mapping_s(b: MappingBench, zone: str, clock: str, told: list[str]) -> None:
    b.text("s.csv", SURVEY % zone)
    at = f"{{from: StartDate, format: '%Y-%m-%d %H:%M:%S', clock: {clock}}}"
    b.map(f"session: {{file: s.csv, fields: {{subject_id: id, session_no: no, attended: {{const: true}}, started_at: {at}}}}}")
    assert [note for note, is_doubt in b.con.execute("select note, is_doubt from mapped.file_note").fetchall() if is_doubt] == told


def test_a_header_within_the_rows_is_set_aside_and_no_participant(b: MappingBench) -> None:
    b.text("dose.csv", "id,mg,taken\nS1,50,1\nid,mg,taken\nS2,50,1\n")
    b.map("dose: {file: dose.csv, fields: {subject_id: id, dose: {from: mg, unit: mg}, taken: taken}}")
    assert b.rows("dose", "subject_id", "source_row") == [("S1", 1), ("S2", 3)]
    assert b.rows("loose_row", "fault", "source_row", "detail") == [("ragged_row", 2, "it is the header once more")]


@pytest.mark.parametrize(
    ("how", "text", "subject", "repair"),
    [
        ("id", "101.0", "101", "id_decimal"),
        ("{from: id, pad: 3}", "1.0", "001", "id_decimal"),
        ("{from: id, pad: 3}", "1", "001", "id_padded"),
        ("id", "101", "101", None),
        ("id", "101.5", "101.5", None),
        ("id", "1.0.2", "1.0.2", None),
    ],
)
def test_a_numeric_identifier_has_no_decimals(b: MappingBench, how: str, text: str, subject: str, repair: str | None) -> None:
    b.text("s.csv", f"id\n{text}\n")
    b.map(f"subject: {{file: s.csv, fields: {{subject_id: {how}}}}}")
    assert b.rows("subject", "subject_id", "subject_id_repair") == [(subject, repair)]


def test_a_column_is_one_item_of_a_questionnaire(b: MappingBench) -> None:
    b.text("q.csv", "id,visit,q1,q2\nS1,W4,1,2\n")
    part = "{file: q.csv, wide: {pattern: '%s', item: '%s'}, fields: {subject_id: id, visit: visit}}"
    both = ", ".join((part % ("q(?P<item>\\d)", "MI0{item}"), part % ("q(?P<item>1)", "MI02")))
    with pytest.raises(ConfigurationError, match=r"column 'q1' is read as item 'MI02' and as 'MI01'"):
        b.map(f"assessment: [{both}]")


def test_two_versions_of_a_form_in_one_file_may_number_their_items_otherwise(b: MappingBench) -> None:
    b.text("q.csv", "id,visit,version,q1\nS1,W4,A,1\nS1,W8,B,2\n")
    part = "{file: q.csv, where: {version: %s}, wide: {pattern: 'q(?P<n>1)', item: '%s'}, fields: {subject_id: id, visit: visit}}"
    b.map(f"assessment: [{part % ('A', 'MI01')}, {part % ('B', 'MI02')}]")
    assert len(b.rows("form", "subject_id")) == 2
