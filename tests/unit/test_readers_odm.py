"""ODM-XML: one row an instance of a form or item group, transactions replayed in order, nothing dangerous opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import ROW, ReadOptions, read
from schemas.findings import ReadError

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")

DEFINITIONS = """
<Study OID="ST"><BasicDefinitions><MeasurementUnit OID="MU.MG" Name="mg"/></BasicDefinitions>
<MetaDataVersion OID="V1" Name="V1">
  <FormDef OID="F.DOSE" Name="Dosing" Repeating="Yes"><ItemGroupRef ItemGroupOID="IG.DOSE"/><ItemGroupRef ItemGroupOID="IG.NOTE"/></FormDef>
  <ItemGroupDef OID="IG.DOSE" Name="Doses" Repeating="Yes"><ItemRef ItemOID="DOSE"/><ItemRef ItemOID="TAKEN"/></ItemGroupDef>
  <ItemGroupDef OID="IG.NOTE" Name="Notes" Repeating="No"><ItemRef ItemOID="NOTE"/></ItemGroupDef>
  <ItemDef OID="DOSE" Name="Dose" DataType="float"><Question><TranslatedText>Amount taken</TranslatedText></Question>
    <MeasurementUnitRef MeasurementUnitOID="MU.MG"/></ItemDef>
  <ItemDef OID="TAKEN" Name="Taken" DataType="integer"><CodeListRef CodeListOID="CL.YN"/></ItemDef>
  <ItemDef OID="NOTE" Name="Note" DataType="text"/>
  <CodeList OID="CL.YN"><CodeListItem CodedValue="1"><Decode><TranslatedText>Yes</TranslatedText></Decode></CodeListItem>
    <CodeListItem CodedValue="0"><Decode><TranslatedText>No</TranslatedText></Decode></CodeListItem></CodeList>
</MetaDataVersion></Study>
"""


def document(body: str, kind="Snapshot", version="1.3", more="") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="http://www.cdisc.org/ns/odm/v{version}" xmlns:oc="http://vendor.example/oc" '
        f'FileType="{kind}" ODMVersion="{version}.2" FileOID="X">{more}{DEFINITIONS}\n'
        f'<ClinicalData StudyOID="ST" MetaDataVersionOID="V1">{body}</ClinicalData></ODM>'
    )


def subject(key, *groups, site="01", more="", txn="") -> str:
    t = f' TransactionType="{txn}"' if txn else ""
    return (
        f'<SubjectData SubjectKey="{key}"{t} {more}><SiteRef LocationOID="{site}"/>'
        f'<StudyEventData StudyEventOID="V1" StudyEventRepeatKey="1">'
        f'<FormData FormOID="F.DOSE">{"".join(groups)}</FormData></StudyEventData></SubjectData>'
    )


def group(repeat, dose=None, taken=None, txn="", oid="IG.DOSE", items="") -> str:
    t = f' TransactionType="{txn}"' if txn else ""
    cells = "".join(f'<ItemData ItemOID="{n}" Value="{v}"/>' for n, v in (("DOSE", dose), ("TAKEN", taken)) if v is not None)
    return f'<ItemGroupData ItemGroupOID="{oid}" ItemGroupRepeatKey="{repeat}"{t}>{cells}{items}</ItemGroupData>'


@pytest.fixture
def odm(tmp_path):
    def _read(text: str, sheet="IG.DOSE", **options):
        path = tmp_path / "site.xml"
        path.write_bytes(text.encode())
        return read(path, ReadOptions(sheet=sheet, **options))

    return _read


def values(cells, *names):
    return [tuple(row[n] for n in names) for row in cells.table.to_pylist()]


def test_a_row_is_an_instance_with_its_keys_and_items(odm):
    cells = odm(document(subject("S1", group(1, "50", "1"), group(2, "0.05"), site="LIS")))
    assert cells.table.to_pylist() == [
        {"StudyOID": "ST", "SubjectKey": "S1", "LocationOID": "LIS", "StudyEventOID": "V1", "StudyEventRepeatKey": "1", "FormOID": "F.DOSE",
         "ItemGroupOID": "IG.DOSE", "ItemGroupRepeatKey": str(n), "DOSE": dose, "TAKEN": taken, ROW: n}
        for n, dose, taken in ((1, "50", "1"), (2, "0.05", None))
    ]  # fmt: skip
    about = cells.about
    assert (about["DOSE"].label, about["DOSE"].unit) == ("Amount taken", "mg")
    assert about["TAKEN"].labels == {"1": "Yes", "0": "No"}
    assert about["SubjectKey"].is_structure


def test_a_form_gives_one_row_with_the_items_of_all_its_groups(odm):
    text = document(subject("S1", group(1, "50"), group(1, oid="IG.NOTE", items='<ItemData ItemOID="NOTE" Value="late"/>')))
    for sheet in ("F.DOSE", "Dosing"):
        assert values(odm(text, sheet), "SubjectKey", "DOSE", "TAKEN", "NOTE") == [("S1", "50", None, "late")]
    assert values(odm(text, "F.DOSE/IG.NOTE"), "NOTE") == [("late",)]
    with pytest.raises(ReadError, match=r"IG.DOSE repeats within F.DOSE"):
        odm(document(subject("S1", group(1, "50"), group(2, "50"))), "F.DOSE")


def test_an_unknown_or_missing_sheet_is_told_with_what_there_is(odm):
    text = document(subject("S1", group(1, "50"), group(1, oid="IG.NOTE", items='<ItemData ItemOID="NOTE" Value="x"/>')))
    with pytest.raises(ReadError, match=r"there are F.DOSE, F.DOSE/IG.DOSE, F.DOSE/IG.NOTE"):
        odm(text, "IG.DOSES")
    assert values(odm(text, None), "DOSE", "NOTE") == [("50", "x")]
    with pytest.raises(ReadError, match="no clinical data"):
        odm(document(""), None)
    assert odm(document(""), "IG.DOSE").table.num_rows == 0


def test_a_group_without_an_instance_is_empty_and_doubtful_where_the_document_defines_none(odm):
    """A snapshot without metadata in which nobody has withdrawn says nothing of the form of withdrawals."""
    text = document(subject("S1", group(1, "50"))).replace(DEFINITIONS, "")
    cells = odm(text, "IG.WD")
    assert (cells.table.num_rows, cells.table.column_names) == (0, [ROW])
    assert cells.doubts == ["no instance of form or item group 'IG.WD' stands in it, and it defines none, so `sheet` may be wrong"]


def test_transactions_are_replayed_in_order(odm):
    body = (
        subject("S1", group(1, "50", "1", "Insert"), group(2, "25", "1", "Insert"), group(3, "10", "1", "Insert"))
        + subject("S1", group(1, "100", txn="Update"), group(2, txn="Remove"), group(3, "10", "0", "Upsert"))
        + subject("S2", group(1, "7", "1", "Upsert"))
        + subject("S1", group(4, txn="Context", items='<ItemData ItemOID="DOSE" Value="5" TransactionType="Insert"/>'))
        + subject("S1", group(3, txn="Context", items='<ItemData ItemOID="TAKEN" TransactionType="Remove"/>'))
    )
    cells = odm(document(body, "Transactional"))
    assert values(cells, "SubjectKey", "ItemGroupRepeatKey", "DOSE", "TAKEN", ROW) == [
        ("S1", "1", "100", "1", 1), ("S1", "3", "10", None, 3), ("S2", "1", "7", "1", 6), ("S1", "4", "5", None, 7),
    ]  # fmt: skip
    assert [n for n in cells.notes if "change or remove" in n] == [
        "1 transaction(s) change or remove what the file does not hold, so it may be cut or one of a series"
    ]


def test_removing_a_subject_removes_all_its_instances(odm):
    body = subject("S1", group(1, "50", txn="Insert"), group(2, "50", txn="Insert")) + subject("S2", group(1, "9", txn="Insert"))
    cells = odm(document(body + '<SubjectData SubjectKey="S1" TransactionType="Remove"/>', "Transactional"))
    assert values(cells, "SubjectKey", "DOSE") == [("S2", "9")]
    assert not cells.doubts


def test_what_is_inserted_twice_with_other_values_is_no_row(odm):
    body = subject("S1", group(1, "50", txn="Insert"), group(2, "5", txn="Insert")) + subject("S1", group(1, "51", txn="Insert"))
    cells = odm(document(body, "Transactional"))
    assert values(cells, "ItemGroupRepeatKey") == [("2",)]
    assert [(r.row, r.why) for r in cells.ragged] == [(1, "the same keys are inserted twice with different values"),
                                                      (3, "the same keys are inserted twice with different values")]  # fmt: skip


def test_a_change_of_what_the_file_does_not_hold_keeps_the_value_and_is_a_doubt(odm):
    cells = odm(document(subject("S1", group(1, "50", txn="Update")), "Transactional"))
    assert values(cells, "DOSE") == [("50",)]
    assert cells.doubts == ["1 transaction(s) change or remove what the file does not hold, so it may be cut or one of a series"]


def test_a_removal_in_another_item_group_is_no_doubt_of_this_one(odm):
    item = '<ItemData ItemOID="NOTE" Value="x"/>'
    there, gone = (group(1, txn=txn, oid="IG.NOTE", items=item) for txn in ("Insert", "Remove"))
    body = subject("S1", group(1, "50", txn="Insert"), there) + subject("S1", gone)
    assert not odm(document(body, "Transactional")).doubts
    assert not odm(document(body, "Transactional"), "IG.NOTE").table.num_rows
    alone = subject("S1", group(1, "50", txn="Insert"), gone)
    assert odm(document(alone, "Transactional")).doubts[0].startswith("1 transaction(s) change or remove what the file does not hold")


def test_transactions_are_known_in_any_case_and_other_words_are_told(odm):
    body = subject("S1", group(1, "50", txn="Insert"), group(2, "60", txn="Insert")) + subject("S1", group(1, "50", txn="REMOVE"))
    cells = odm(document(body, "transactional"))
    assert (values(cells, "DOSE"), cells.doubts) == ([("60",)], [])
    cells = odm(document(body.replace("REMOVE", "Delete"), "Transactional"))
    assert values(cells, "DOSE") == [("50",), ("60",)]
    assert cells.doubts == ["TransactionType 'Delete' is none of ODM, so what is read of its elements may be wrong"]


def test_text_where_a_value_should_be_is_told(odm):
    cells = odm(document(subject("S1", group(1, taken="1", items='<ItemData ItemOID="DOSE">50</ItemData>'))))
    assert values(cells, "DOSE", "TAKEN") == [(None, "1")]
    assert cells.doubts == ["1 item(s) hold text where their Value should be; it is not read, so blanks may be wrong"]


@pytest.mark.parametrize(("second", "refers", "unit", "told"), [
    ("MU.MG", "V1", "mg", []),
    ("MU.G", "V2", "g", []),
    ("MU.G", "V1", "mg", []),
    ("MU.G", "V0", "", ["versions of the metadata give item DOSE other units (g, mg), so values may be wrong"]),
])  # fmt: skip
def test_the_unit_is_that_of_the_version_of_the_metadata_that_the_data_refer_to(odm, second, refers, unit, told):
    text = document(subject("S1", group(1, "50")))
    version = text[text.index("<MetaDataVersion") : text.index("</MetaDataVersion>")] + "</MetaDataVersion>"
    other = version.replace('OID="V1" Name="V1"', 'OID="V2" Name="V2"').replace("MU.MG", second)
    text = text.replace(version, version + other).replace("</BasicDef", '<MeasurementUnit OID="MU.G" Name="g"/></BasicDef')
    cells = odm(text.replace('MetaDataVersionOID="V1"', f'MetaDataVersionOID="{refers}"'))
    assert (cells.about["DOSE"].unit, cells.doubts) == (unit, told)


def test_a_snapshot_keeps_the_same_key_twice_as_two_rows(odm):
    assert values(odm(document(subject("S1", group(1, "50"), group(1, "60")))), "DOSE") == [("50",), ("60",)]


def test_typed_items_nulls_and_units_of_values(odm):
    items = (
        '<ItemDataFloat ItemOID="DOSE">0.10<MeasurementUnitRef MeasurementUnitOID="MU.MG"/></ItemDataFloat>'
        '<ItemDataPartialDate ItemOID="ON">2024-03</ItemDataPartialDate><ItemData ItemOID="TAKEN" IsNull="Yes"/>'
    )
    cells = odm(document(subject("S1", group(1, items=items))))
    assert values(cells, "DOSE", "DOSE.unit", "TAKEN", "ON") == [("0.10", "mg", None, "2024-03")]


@pytest.mark.parametrize("yes", ["Yes", "true"])
def test_an_item_that_is_null_and_has_a_value_is_doubtful(odm, yes):
    cells = odm(document(subject("S1", group(1, items=f'<ItemData ItemOID="DOSE" IsNull="{yes}" Value="50"/>'))))
    assert values(cells, "DOSE") == [("50",)]
    inside = odm(document(subject("S1", group(1, items=f'<ItemData ItemOID="DOSE" IsNull="{yes}"><Value>50</Value></ItemData>'))))
    assert (values(inside, "DOSE"), inside.doubts) == ([("50",)], cells.doubts)
    assert cells.doubts == ["1 item(s) are said to be null and hold a value all the same, which may be wrong"]


def test_an_item_that_a_snapshot_removes_is_told(odm):
    removed = '<ItemData ItemOID="DOSE" TransactionType="Remove" Value="50"/><ItemData ItemOID="ON" Value="2024-03"/>'
    cells = odm(document(subject("S1", group(1, items=removed))))
    assert values(cells, "ON") == [("2024-03",)]
    assert cells.doubts[-1].startswith("1 transaction(s) change or remove what the file does not hold")


def test_an_item_given_twice_with_different_values_makes_the_row_ragged(odm):
    cells = odm(document(subject("S1", group(1, "50", items='<ItemData ItemOID="DOSE" Value="60"/>'), group(2, "7"))))
    assert values(cells, "DOSE") == [("7",)]
    assert [(r.row, r.why) for r in cells.ragged] == [(1, "item DOSE is given twice with different values")]


def test_vendors_attributes_are_columns_and_their_elements_are_listed(odm):
    extra = '<oc:Weather>fine</oc:Weather><AuditRecord><UserRef UserOID="U"/></AuditRecord>'
    cells = odm(document(subject("S1", group(1, "50", items=extra), more='oc:StudySubjectID="PT-0001"')))
    assert values(cells, "SubjectKey", "oc:StudySubjectID", "DOSE") == [("S1", "PT-0001", "50")]
    assert "elements that are not read: AuditRecord (1), oc:Weather (1)" in cells.notes


def test_a_group_without_an_instance_has_the_keys_and_vendors_attributes_of_the_others(odm):
    cells = odm(document(subject("S1", group(1, "50"), more='oc:StudySubjectID="07"')), "IG.NOTE")
    assert cells.table.column_names == ["StudyOID", "SubjectKey", "LocationOID", "StudyEventOID", "StudyEventRepeatKey", "FormOID",
                                        "ItemGroupOID",
                                        "ItemGroupRepeatKey", "oc:StudySubjectID", "NOTE", ROW]  # fmt: skip
    assert cells.table.num_rows == 0 and cells.about["oc:StudySubjectID"].is_structure


def test_what_a_vendor_marks_as_removed_is_told_whatever_stands_on_the_levels_in_it(odm):
    one, two = (subject(f"S{n}", group(1, "50"), more=f'oc:Status="{status}"') for n, status in ((1, "available"), (2, "removed")))
    cells = odm(document(one + two).replace("<FormData ", '<FormData oc:Status="complete" '))
    assert values(cells, "SubjectKey", "oc:Status") == [("S1", "complete"), ("S2", "removed")]
    assert cells.doubts[0].startswith("1 instance(s) are marked as removed by the vendor's Status")


def test_odm_2_has_groups_in_groups_and_values_as_elements(odm):
    body = """<SubjectData SubjectKey="S1"><StudyEventData StudyEventOID="V1"><ItemGroupData ItemGroupOID="F.DOSE">
      <ItemGroupData ItemGroupOID="IG.DOSE" ItemGroupRepeatKey="1"><ItemData ItemOID="DOSE"><Value>50</Value></ItemData></ItemGroupData>
      <ItemGroupData ItemGroupOID="IG.DOSE" ItemGroupRepeatKey="2"><ItemData ItemOID="DOSE"><Value>25</Value></ItemData></ItemGroupData>
    </ItemGroupData></StudyEventData></SubjectData>"""
    cells = odm(document(body, version="2.0"))
    assert values(cells, "FormOID", "ItemGroupRepeatKey", "DOSE") == [("F.DOSE", "1", "50"), ("F.DOSE", "2", "25")]


def test_an_instance_without_a_filled_item_is_no_row(odm):
    cells = odm(document(subject("S1", group(1), group(2, "5"))))
    assert values(cells, "DOSE", ROW) == [("5", 2)]
    assert "1 instance(s) without a filled item are left out" in cells.notes


LAUGHS = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document("").replace("<ODM", LAUGHS + "<ODM", 1), "DOCTYPE"),
        (document("").replace("<ODM", '<!DOCTYPE ODM SYSTEM "file:///etc/passwd"><ODM', 1), "DOCTYPE"),
        (document(subject("S1", group(1, "50")))[:-40], "damaged, cut or not in its encoding, in line"),
        (document("<x>" * 200), "damaged|nested"),
        ('<?xml version="1.0"?><Workbook/>', "outermost element is Workbook"),
        ("<html><body>login</body></html>", "a web page"),
    ],
)
def test_dangerous_cut_or_foreign_documents_are_refused(odm, text, told):
    with pytest.raises(ReadError, match=told):
        odm(text)


def test_a_declared_encoding_overrules_a_wrong_one(tmp_path):
    text = document(subject("S1", group(1, items='<ItemData ItemOID="NOTE" Value="Müller"/>')))
    (tmp_path / "a.xml").write_bytes(text.encode("cp1252"))
    with pytest.raises(ReadError, match="not in its encoding"):
        read(tmp_path / "a.xml", ReadOptions(sheet="IG.DOSE"))
    cells = read(tmp_path / "a.xml", ReadOptions(sheet="IG.DOSE", encoding="windows-1252"))
    assert values(cells, "NOTE") == [("Müller",)]


KEYS = st.sampled_from(["1", "2", "3"])
STEPS = st.lists(st.tuples(st.sampled_from(["Upsert", "Update", "Remove"]), KEYS, st.sampled_from(["10", "20", None])), max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_series_of_transactions_leaves_what_a_dictionary_would_hold(tmp_path_factory, steps):
    held: dict[str, dict[str, str]] = {}
    body = ""
    for kind, key, dose in steps:
        body += subject("S1", group(key, None if kind == "Remove" else dose, None if kind == "Remove" else "1", kind))
        if kind == "Remove":
            held.pop(key, None)
        else:
            held.setdefault(key, {}).update({"TAKEN": "1"} | ({"DOSE": dose} if dose else {}))
    path = tmp_path_factory.getbasetemp() / "t.xml"
    path.write_text(document(body, "Transactional"), encoding="utf-8")
    cells = read(path, ReadOptions(sheet="IG.DOSE"))
    got = {k: {n: v for n, v in (("DOSE", d), ("TAKEN", t)) if v} for k, d, t in values(cells, "ItemGroupRepeatKey", "DOSE", "TAKEN")} if (
        cells.table.num_rows) else {}  # fmt: skip
    assert got == held


@needs_shared
def test_the_shared_snapshot_has_its_known_rows():
    path = SHARED / "odm" / "odm-data-snapshot.xml"
    demography = read(path, ReadOptions(sheet="DM"))
    assert values(demography, "SubjectKey", "StudyEventOID", "IT.SEX", "IT.BRTHDAT")[0] == ("SS_0001", "SE.SCREENING", "Male", "1966-02-10")
    with pytest.raises(ReadError, match=r"AE/IG\.AE\.AE_ARRAY1"):
        read(path)
    with pytest.raises(ReadError, match="no clinical data"):
        read(SHARED / "odm" / "cdash-odm-test.xml")


@needs_shared
@pytest.mark.parametrize(
    ("project", "form", "named"),
    [
        ("repeating-instruments", "Form.bp", {"redcap_repeat_instrument": "bp"}),
        ("repeating-instruments", "Form.demographics", {"redcap_repeat_instrument": None}),
        ("clinical-trial-1", "Form.demographics", {}),
        ("checkboxes-1", "Form.form_2", {}),
        ("longitudinal", "Form.demographics", {}),
    ],
)
def test_redcap_projects_hold_the_same_cells_as_odm_and_as_csv(project, form, named):
    csv = read(SHARED / "redcap" / project / "data.csv").table.to_pylist()
    odm = read(SHARED / "redcap" / project / "project.xml", ReadOptions(sheet=form))
    # a form's grey status is 0 in the CSV only, an uploaded file stands whole in the ODM only
    items = [n for n, a in odm.about.items() if not a.is_structure and n in csv[0] and not n.endswith(("_complete", "_document"))]
    assert items
    rows = [r for r in csv if all(r[k] == v for k, v in named.items())]
    key = "study_id" if "study_id" in csv[0] else "record_id"
    used = {}
    for row in rows:
        event = row.get("redcap_event_name")
        cells = {n: row[n] for n in items if row[n] is not None and n != key}
        used.setdefault((row[key], event), []).append(cells)
    for row in odm.table.to_pylist():
        event = (row.get("StudyEventOID") or "").removeprefix("Event.") or None
        mine = {n: row[n] for n in items if row[n] is not None and n != key}
        assert any(
            {k: " ".join(v.split()) for k, v in mine.items()} == {k: " ".join(v.split()) for k, v in theirs.items()}
            for theirs in used[row["SubjectKey"], event]
        )


def test_one_subject_key_under_two_studies_is_doubted(odm):
    one = document(subject("S1", group(1, 50)) + subject("S2", group(1, 50)))
    other = f'<ClinicalData StudyOID="{{}}" MetaDataVersionOID="V1">{subject("S1", group(2, 25))}</ClinicalData></ODM>'
    two = odm(one.replace("</ODM>", other.format("ST2")))
    told = "1 SubjectKey(s) stand under more than one StudyOID and are read as one participant each, which may be wrong"
    assert [d for d in two.doubts if "StudyOID" in d] == [f"{told}: keep one study with `where`"]
    assert not [d for d in odm(one.replace("</ODM>", other.format("ST"))).doubts if "StudyOID" in d]
