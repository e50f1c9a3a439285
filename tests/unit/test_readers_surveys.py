"""REDCap, Qualtrics, NDA, Castor and OpenClinica: text files whose own words say which rows and codes are what."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import openpyxl
import pytest

from flows.readers import ROW, ReadOptions, read
from flows.readers.redcap_dictionary import choices
from schemas.findings import ReadError

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "redcap"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")

DICTIONARY = """"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels",\
"Field Note","Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",Identifier?,\
"Branching Logic (Show field only if...)"
record_id,demographics,,text,Record ID,,,,,,,
name,demographics,,text,Name,,,,,,y,
sex,demographics,,radio,"<b>Sex</b>","1, Male | 2, Female",,,,,,
grade,demographics,,dropdown,Grade,"1, 2 | 2, 3 | 3, 4, or more",,,,,,
pregnant,demographics,,yesno,Pregnant?,,,,,,,[sex] = '2'
meds,demographics,,checkbox,Drugs,"1, SSRI | -9, none",,,,,,
dose,dosing,,text,Dose,,,number,,,,
comment,dosing,,notes,Comment,,,,,,,
"""
RAW = """record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,name,sex,grade,pregnant,\
meds___1,meds____9,demographics_complete,dose,comment,dosing_complete
1,base_arm_1,,,lisbon,Ana,2,2,0,1,0,2,,,
1,base_arm_1,dosing,1,lisbon,,,,,,,,50,late,2
1,base_arm_1,dosing,2,lisbon,,,,,,,,25,,2
2,base_arm_1,,,lisbon,Rui,1,1,,0,0,2,,,
3,base_arm_1,,,lisbon,,,,,0,0,0,,,
"""
LABEL = """Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,Name,Sex,Grade,Pregnant?,\
Drugs (choice=SSRI),Drugs (choice=none),Complete?,Dose,Comment,Complete?
1,Base,,,Lisbon,Ana,Female,3,No,Checked,Unchecked,Complete,,,
1,Base,Dosing,1,Lisbon,,,,,,,,50,late,Complete
1,Base,Dosing,2,Lisbon,,,,,,,,25,,Complete
2,Base,,,Lisbon,Rui,Male,2,,Unchecked,Unchecked,Complete,,,
3,Base,,,Lisbon,,,,,Unchecked,Unchecked,Incomplete,,,
"""


@pytest.fixture
def redcap(tmp_path):
    def _read(text, name="data.csv", **options):
        (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read(tmp_path / name, ReadOptions(format="redcap", **({"companion": "dictionary.csv"} | options)))

    return _read


def rows(cells, *names):
    return [tuple(r[n] for n in (*names, ROW)) for r in cells.table.to_pylist()]


@pytest.mark.parametrize("text", [RAW, LABEL], ids=["raw", "label"])
def test_raw_and_label_exports_give_the_same_codes(redcap, text):
    cells = redcap(text, sheet="demographics")
    assert rows(cells, "record_id", "sex", "grade", "pregnant", "meds___1", "meds____9") == [
        ("1", "2", "2", "0", "1", "0", 1), ("2", "1", "1", None, "0", "0", 4),
    ]  # fmt: skip
    assert [r[0] for r in rows(cells, "demographics_complete")] == ["2", "2"]
    assert cells.doubts == []


def test_an_instrument_has_its_own_rows_and_columns(redcap):
    cells = redcap(RAW, sheet="dosing")
    assert cells.table.column_names == [
        "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group",
        "dose", "comment", "dosing_complete", ROW,
    ]  # fmt: skip
    assert rows(cells, "record_id", "redcap_repeat_instance", "dose") == [("1", "1", "50", 2), ("1", "2", "25", 3)]
    with pytest.raises(ReadError, match="no instrument 'doses'; there are demographics, dosing"):
        redcap(RAW, sheet="doses")
    assert redcap(RAW).table.num_rows == 5


def test_a_repeat_of_an_instrument_that_the_dictionary_does_not_know_is_no_row_of_any(redcap):
    sent = RAW.replace("dosing,1,", "Dosing ,1,").replace("dosing,2,", "capsules,2,")
    for sheet, names in (("dosing", ("dose",)), ("demographics", ("name",))):
        cells = redcap(sent, sheet=sheet)
        assert [(r.row, r.line, r.why) for r in cells.ragged] == [(3, 4, "its repeating instrument is not in the data dictionary")]
        assert rows(cells, *names) == ([("50", 2)] if sheet == "dosing" else [("Ana", 1), ("Rui", 4)])


def test_the_dictionary_says_what_a_field_is(redcap):
    about = redcap(RAW).about
    assert about["sex"].labels == {"1": "Male", "2": "Female"}
    assert about["sex"].label == "Sex"
    assert about["grade"].labels == {"1": "2", "2": "3", "3": "4, or more"}
    assert about["name"].is_identifier and about["name"].is_free_text and about["comment"].is_free_text
    assert not about["dose"].is_free_text
    assert about["pregnant"].shown_if == "[sex] = '2'"
    assert about["redcap_repeat_instance"].is_structure


def test_labels_in_a_file_of_codes_leave_an_ambiguous_column_a_doubt(redcap):
    cells = redcap("record_id,sex,grade,pregnant\n1,Male,2,1\n2,Female,3,0\n")
    assert rows(cells, "sex", "grade") == [("1", "2", 1), ("2", "3", 2)]
    assert any("columns ['grade'] may hold codes or labels" in d for d in cells.doubts)


def test_a_value_that_is_neither_code_nor_label_stays_as_it_is(redcap):
    assert rows(redcap("record_id,sex\n1,1\n2,NI\n3,Male\n"), "sex") == [("1", 1), ("NI", 2), ("Male", 3)]


def test_among_labels_a_value_that_is_neither_takes_nothing_from_the_others(redcap):
    assert rows(redcap("record_id,sex\n1,Female\n2,perhaps\n3,Male\n"), "sex") == [("2", 1), ("perhaps", 2), ("1", 3)]


def test_json_of_the_api_and_its_error_messages(redcap):
    cells = redcap(json.dumps([{"record_id": "1", "sex": "2"}, {"record_id": "2", "sex": ""}]), "data.json")
    assert rows(cells, "record_id", "sex") == [("1", "2", 1), ("2", None, 2)]
    for text, name in (('{"error":"You do not have permissions"}', "data.json"), ("ERROR: The value of the parameter", "data.csv")):
        with pytest.raises(ReadError, match="an error message of REDCap"):
            redcap(text, name)


EAV = """record,redcap_repeat_instrument,redcap_repeat_instance,field_name,value
1,,,record_id,1
1,,,sex,2
1,,,meds,1
1,dosing,1,dose,3
2,,,sex,1
1,dosing,1,dose,4
1,dosing,2,dose,5
2,,,meds,%s
2,,,demographics_complete,2
2,,,Jane Roe,sex
"""


def test_an_export_of_one_value_a_row_is_the_flat_one(redcap):
    cells = redcap(EAV % "-9")
    assert rows(cells, "record_id", "redcap_repeat_instance", "sex", "meds___1", "meds____9", "dose") == [
        ("1", None, "2", "1", "0", None, 1), ("2", None, "1", "0", "1", None, 5), ("1", "2", None, None, None, "5", 7),
    ]  # fmt: skip
    assert [(r.row, r.why) for r in cells.ragged] == [
        (4, "field 'dose' is given twice with different values"), (10, "its field is not in the data dictionary"),
    ]  # fmt: skip
    assert cells.table["comment"].to_pylist() == [None] * 3  # nobody filled it, so no row names it
    labels = redcap((EAV % "none").replace("sex,2", "sex,Female").replace("sex,1", "sex,Male").replace("meds,1", "meds,SSRI"))
    assert labels.table.equals(cells.table)
    unknown = redcap(EAV % "7")
    assert [(r.row, r.why) for r in unknown.ragged][1] == (5, "an option of 'meds' is none of its choices")
    assert "Jane Roe" not in str([cells.notes, cells.ragged, cells.table.column_names])


def test_a_missing_or_foreign_dictionary_is_told(redcap, tmp_path):
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    for companion, told in (("gone.csv", "not in the delivery"), ("no.csv", "no REDCap data dictionary")):
        with pytest.raises(ReadError, match=told):
            redcap(RAW, companion=companion)
    with pytest.raises(ReadError, match="needs the data dictionary"):
        redcap(RAW, companion=None, sheet="dosing")


def test_choices_may_hold_commas_and_need_no_spaces():
    assert choices("0,None|1, Mild, or so |  2 , Moderate") == {"0": "None", "1": "Mild, or so", "2": "Moderate"}


@needs_shared
@pytest.mark.parametrize("project", sorted(p.name for p in SHARED.iterdir()) if SHARED.is_dir() else [])
def test_every_field_of_the_shared_projects_is_in_its_dictionary(project):
    folder = SHARED / project
    dictionary = next(folder.glob("dict*.csv")).name
    cells = read(folder / "data.csv", ReadOptions(format="redcap", companion=dictionary))
    assert cells.table.equals(read(folder / "data.csv").table)
    assert not [n for n in cells.notes if "not in the data dictionary" in n]
    assert not cells.doubts or all("line end" in d for d in cells.doubts)


@needs_shared
def test_instruments_of_the_shared_repeating_project():
    cells = read(SHARED / "repeating-instruments" / "data.csv", ReadOptions(format="redcap", companion="dictionary.csv", sheet="bp"))
    first = rows(cells, "record_id", "redcap_repeat_instance", "bp_systolic")[:3]
    assert first == [("1", "1", "110", 2), ("1", "2", "111", 3), ("1", "3", "112", 4)]


QUALTRICS = '''StartDate,Status,Q1,Q2\n"Start, Date",Response Type,"How much
fear?",Note\n"{""ImportId"":""startDate"",""timeZone"":""UTC""}","{""ImportId"":""status""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"
2024-03-05 14:00:00,IP Address,50,"two
lines"\n2024-03-05 14:05:00,Survey Preview,-99,x\n2024-03-06 09:00:00,IP Address,20,y,z\n'''


@pytest.mark.parametrize("named", [None, "qualtrics"])
def test_qualtrics_has_three_header_rows_whether_named_or_not(tmp_path, named):
    (tmp_path / "survey.csv").write_text(QUALTRICS, encoding="utf-8-sig")
    cells = read(tmp_path / "survey.csv", ReadOptions(format=named))
    assert rows(cells, "Q1", "Q2") == [("50", "two\nlines", 1), ("-99", "x", 2)]
    assert [(r.row, r.line) for r in cells.ragged] == [(3, 8)]
    assert (cells.about["Q1"].label, cells.about["StartDate"].zone, cells.about["Q1"].zone) == ("How much fear?", "UTC", "")
    assert any("1 response(s) are previews" in d for d in cells.doubts)


@pytest.mark.parametrize(("status", "n"), [
    ("IP Address", 0), ("Imported", 0), ("Offline", 0), ("0", 0), ("4", 0), ("16", 0), ("Survey Preview", 1), ("Survey Test", 1),
    ("Offline Survey Preview", 1), ("Spam Response", 1), ("1", 1), ("2", 1), ("8", 1), ("17", 1),
])  # fmt: skip
def test_a_response_of_qualtrics_that_is_none_is_told_by_word_and_by_number(tmp_path, status, n):
    (tmp_path / "s.csv").write_text(QUALTRICS.replace("Survey Preview", status))
    assert sum("1 response(s) are previews" in d for d in read(tmp_path / "s.csv").doubts) == n


def test_the_declared_end_of_a_qualtrics_file_is_kept(tmp_path):
    (tmp_path / "s.csv").write_text(QUALTRICS.replace(",y,z", ",y"))
    cells = read(tmp_path / "s.csv", ReadOptions(skip_end=1))
    assert rows(cells, "Q1") == [("50", 1), ("-99", 2)]
    assert cells.cut is not None and cells.cut[ROW].to_pylist() == [3]


def test_qualtrics_as_utf_16_tsv_and_with_two_header_rows(tmp_path):
    tsv = 'Q1\tQ2\nFear\tNote\n{"ImportId":"QID1"}\t{"ImportId":"QID2"}\n50\tüx\n'
    (tmp_path / "s.tsv").write_bytes(tsv.encode("utf-16"))
    assert rows(read(tmp_path / "s.tsv"), "Q1", "Q2") == [("50", "üx", 1)]
    (tmp_path / "old.csv").write_text("V1,Q1\nResponseID,Fear\nR_1,50\n")
    assert rows(read(tmp_path / "old.csv", ReadOptions(format="qualtrics", header_rows=2)), "Q1") == [("50", 1)]
    with pytest.raises(ReadError, match="not the header rows of Qualtrics"):
        read(tmp_path / "old.csv", ReadOptions(format="qualtrics"))


@pytest.mark.parametrize("named", [None, "nda"])
def test_the_national_archive_names_its_structure_above_the_header(tmp_path, named):
    (tmp_path / "l.csv").write_text('"lsas","01",,\nsubjectkey,src_subject_id,interview_age,lsas1\nNDAR1,7,372,-999\n')
    cells = read(tmp_path / "l.csv", ReadOptions(format=named))
    assert rows(cells, "src_subject_id", "lsas1") == [("7", "-999", 1)]
    assert "NIMH Data Archive structure lsas, version 01" in cells.notes
    (tmp_path / "x.csv").write_text("lsas,01\n1,2\n")
    assert read(tmp_path / "x.csv").table.column_names == ["lsas", "01", ROW]


DOWNLOAD = (
    '"collection_id"\t"lsas01_id"\t"dataset_id"\t"subjectkey"\t"src_subject_id"\t"lsas1"\t"collection_title"\n'
    '"collection_id"\t"lsas01_id"\t"dataset_id"\t"The GUID of the subject"\t"Site\'s own number"\t"Telephoning"\t"collection_title"\n'
    '"2001"\t"90"\t"7"\t"NDAR1"\t"S1"\t"3"\t"A trial"\n"2001"\t"91"\t"7"\t"NDAR2"\t"S2"\n'
)


@pytest.mark.parametrize("named", [None, "nda"])
def test_a_download_of_the_national_archive_has_a_line_that_describes_its_columns(tmp_path, named):
    (tmp_path / "lsas01.txt").write_text(DOWNLOAD)
    cells = read(tmp_path / "lsas01.txt", ReadOptions(format=named))
    assert rows(cells, "src_subject_id", "lsas1") == [("S1", "3", 1)]
    assert [(r.row, r.line) for r in cells.ragged] == [(2, 4)]
    assert cells.about["lsas1"].label == "Telephoning"
    assert [n for n, about in cells.about.items() if about.is_structure] == ["collection_id", "lsas01_id", "dataset_id", "collection_title"]


def test_castor_s_codes_for_missing_answers_are_kept_or_blank(tmp_path):
    text = "id;dose;on;sum\n1;-99;31-12-2998;-94\n2;50;05-03-2024;Missing (not done)\n3;-9.5;05-03-2994;99\n"
    (tmp_path / "c.csv").write_text(text)
    kept = read(tmp_path / "c.csv", ReadOptions(format="castor"))
    assert rows(kept, "dose", "on", "sum")[0] == ("-99", "31-12-2998", "-94", 1)
    assert (kept.about["dose"].seen, kept.about["on"].seen) == (("-99",), ("31-12-2998",))
    blank = read(tmp_path / "c.csv", ReadOptions(format="castor", user_missing="blank"))
    assert rows(blank, "dose", "on", "sum") == [(None, None, "-94", 1), ("50", "05-03-2024", None, 2), ("-9.5", "05-03-2994", "99", 3)]


def test_castor_s_codes_in_texts_and_in_columns_of_years(tmp_path):
    text = "id;drug;since;dose\n2996;##USER_MISSING_98##;2997;2999\n2997;Zoloft;2019;50\n2998;x 299;;-97\n"
    (tmp_path / "c.csv").write_text(text)
    cells = read(tmp_path / "c.csv", ReadOptions(format="castor", user_missing="blank"))
    assert rows(cells, "id", "drug", "since", "dose") == [
        ("2996", None, None, "2999", 1), ("2997", "Zoloft", "2019", "50", 2), ("2998", "x 299", None, None, 3),
    ]  # fmt: skip


def test_castor_s_excel_export_has_the_same_codes(tmp_path):
    book = openpyxl.Workbook()
    for row in (("id", "dose", "on"), ("1", -99, "01-01-2998"), ("2", 50, dt.date(2024, 3, 5)), ("3", 25, dt.date(2999, 1, 1))):
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    cells = read(tmp_path / "c.xlsx", ReadOptions(format="castor", user_missing="blank"))
    assert rows(cells, "id", "dose", "on") == [("1", None, None, 1), ("2", "50", "2024-03-05", 2), ("3", "25", None, 3)]
    assert cells.typed


def test_openclinica_s_lines_above_the_header_are_passed_over(tmp_path):
    text = "Dataset Name\tX\nSubjects\t2\nCRF\tDosing - v1\tC1\n\nStudy Subject ID\tDOSE_E1_C1\nP-1\t50\n"
    (tmp_path / "o.tsv").write_text(text)
    cells = read(tmp_path / "o.tsv", ReadOptions(format="openclinica"))
    assert rows(cells, "Study Subject ID", "DOSE_E1_C1") == [("P-1", "50", 1)]
    (tmp_path / "p.tsv").write_text("id\tx\n1\t2\n")
    with pytest.raises(ReadError, match="as OpenClinica's header does"):
        read(tmp_path / "p.tsv", ReadOptions(format="openclinica"))


RAVE = """\
subjectId,Subject,InstanceName,DataPageName,recordposition,RecordActive,CMTRT,CMSTDAT,CMSTDAT_RAW,CMSTDAT_INT,CMSTDAT_YYYY,CMSTDAT_MM,\
CMSTDAT_DD,DOSE,DOSE_RAW,DOSE_UN,ONGO,ONGO_STD
"321","01-001","L","CM","1","1","Sertraline","2024-02-03T00:00:00","3 FEB 24","","2024","2","3","50.0","50","mg","Yes","1"
"321","01-001","L","CM","2","1","Ibuprofen","","UN Feb 2024","2024-02-01T00:00:00","2024","2","","","4OO","mg","No","0"
"321","01-001","L","CM","3","1","Zolpidem","","UN UNK 2023","2023-01-01T00:00:00","2023","","","5.0","5","mg","No","0"
"322","01-002","L","CM","1","0","Aspirin","","31 Apr 2024","","","","","100.0","100","mg","Yes","1"
"322","01-002","L","CM","2","1","Aspirin","","31 Apr 2024","","","","","100.0","100","mg","Yes","1"
EOF
"""


def test_a_field_of_rave_is_filled_in_from_what_was_entered(tmp_path):
    (tmp_path / "CM.csv").write_text(RAVE, encoding="utf-8")
    cells = read(tmp_path / "CM.csv")
    assert rows(cells, "CMTRT", "CMSTDAT", "DOSE", "ONGO_STD") == [
        ("Sertraline", "2024-02-03", "50.0", "1", 1),
        ("Ibuprofen", "2024-02", "4OO", "0", 2),
        ("Zolpidem", "2023", "5.0", "0", 3),
        ("Aspirin", "31 Apr 2024", "100.0", "1", 5),
    ]
    assert cells.ragged == [] and cells.doubts == []
    assert "1 record(s) that are inactive in Rave are left out" in cells.notes
    assert (cells.about["ONGO_STD"].label, cells.about["ONGO_STD"].labels) == ("ONGO", {"1": "Yes", "0": "No"})
    needed = [n for n in cells.table.column_names if n != ROW and not (n in cells.about and cells.about[n].is_structure)]
    assert needed == ["Subject", "CMTRT", "CMSTDAT", "DOSE", "DOSE_UN", "ONGO_STD"]


def test_a_view_of_rave_without_its_end_may_be_cut(tmp_path):
    (tmp_path / "CM.csv").write_text(RAVE.removesuffix("EOF\n"), encoding="utf-8")
    assert "so the file may be cut" in read(tmp_path / "CM.csv").doubts[0]
    (tmp_path / "CM.csv").write_text(RAVE.replace('"', "").removesuffix("EOF\n"), encoding="utf-8")
    assert read(tmp_path / "CM.csv").doubts == []


def test_an_answer_of_rave_that_two_codes_show_stays_two_columns(tmp_path):
    (tmp_path / "CM.csv").write_text(RAVE.replace('"No","0"', '"Yes","0"'), encoding="utf-8")
    about = read(tmp_path / "CM.csv").about
    assert "ONGO" not in about and "ONGO_STD" not in about


VIEDOC = """\
Site,Subject number,Subject Id,Event number,Event name,Form number,Dose (mg),Sex,Sex - Code,Date,Date
SiteSeq,SubjectSeq,SubjectId,EventSeq,EventName,FormSeq,EXDOSE,SEX,SEXCD,ICDAT,EXDTC
1,1,NY-001,1,Session 1,1,50,Male,1,2024-02-03,2024-02-NK
1,2,NY-002,1,Session 1,1,50,Female,2,2024-02-04,2024-02-05
"""


def viedoc_workbook(path):
    book = openpyxl.Workbook()
    for line in VIEDOC.splitlines():
        book.active.append([int(c) if c.isdigit() else c for c in line.split(",")])
    book.save(path)


@pytest.mark.parametrize("name", ["SAD01_20250729_133232_EX.csv", "export.xlsx"])
def test_viedoc_names_its_columns_in_the_second_row(tmp_path, name):
    path = tmp_path / name
    viedoc_workbook(path) if path.suffix == ".xlsx" else path.write_text(VIEDOC, encoding="utf-8-sig")
    cells = read(path, ReadOptions(format="viedoc") if path.suffix == ".xlsx" else None)
    assert rows(cells, "SubjectId", "EXDOSE", "SEXCD", "ICDAT", "EXDTC") == [
        ("NY-001", "50", "1", "2024-02-03", "2024-02-NK", 1),
        ("NY-002", "50", "2", "2024-02-04", "2024-02-05", 2),
    ]
    assert cells.about["SEXCD"].labels == {"1": "Male", "2": "Female"}
    assert [cells.about[n].label for n in ("SEXCD", "EXDOSE", "EXDTC")] == ["Sex", "Dose (mg)", "Date"]
    needed = [n for n in cells.table.column_names if n != ROW and not cells.about[n].is_structure]
    assert needed == ["SubjectId", "EXDOSE", "SEXCD", "ICDAT", "EXDTC"]


def test_viedoc_without_labels_or_with_a_declared_header_row_is_read_as_it_is(tmp_path):
    (tmp_path / "a.csv").write_text(VIEDOC.partition("\n")[2], encoding="utf-8")
    (tmp_path / "b.csv").write_text(VIEDOC, encoding="utf-8")
    for cells in (read(tmp_path / "a.csv"), read(tmp_path / "b.csv", ReadOptions(header_row=2))):
        assert rows(cells, "SubjectId") == [("NY-001", 1), ("NY-002", 2)]


@pytest.mark.parametrize("columns", ["id,n,note", "SiteSeq,SubjectSeq,SubjectId,EventSeq,note"])
def test_a_quote_that_is_never_closed_takes_out_its_row_also_where_the_file_is_looked_at_for_its_format(tmp_path, columns):
    before = csv.field_size_limit(131_072)
    width = columns.count(",")
    lines = [columns, f'1{"," * width}"open', *(f"{n}{',' * width}some words on what was said that day" for n in range(2, 8_000))]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        cells = read(tmp_path / "a.csv", ReadOptions())
    finally:
        csv.field_size_limit(before)
    assert cells.table.num_rows == 7_998
    assert [r.line for r in cells.ragged] == [2]


def test_what_is_called_viedoc_and_is_not_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("subject,dose\n1,50\n2,50\n", encoding="utf-8")
    with pytest.raises(ReadError, match="neither of its first two rows names the columns of a Viedoc form"):
        read(tmp_path / "a.csv", ReadOptions(format="viedoc"))
