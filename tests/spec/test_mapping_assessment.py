"""Mapping language: questionnaires wide and long, item codes, totals, faults of single cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.engine import judge
from schemas.findings import ConfigurationError
from tests.harness import EVIDENCE, ModelBench
from tests.spec import mapping_bench
from tests.spec.mapping_bench import MappingBench

WIDE = r"""
assessment:
  file: q.csv
  wide: {pattern: 'q(?P<n>\d+)', item: 'MI{n:02d}'}
  fields: {visit: visit, assessed_on: day, value: {missing: '9'}}
  totals: {MINITOT: tot}
"""
LONG = "assessment: {file: q.csv, fields: {visit: visit, item: code, value: val}}"


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    """An empty site."""
    return MappingBench(tmp_path)


def test_a_wide_row_is_one_form_with_items_in_the_instruments_order(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,visit,day,q2,q1,q3,q4,tot\n1,W4,2024-03-05,1,0,3,7,4\n")
    b.map(WIDE)
    assert b.row("form", "instrument", "visit", "item_values", "record_key") == (
        "MINI",
        "W4",
        [0.0, 1.0, 3.0, 7.0],
        "1|MINI|W4|2024-03-05",
    )
    assert b.row("item", "item", "is_total", "counts", "value", "item_no", "record_key") == (
        "MINITOT", True, False, 4.0, None, "1|MINI|W4|2024-03-05|MINITOT",
    )  # fmt: skip


def test_cells_that_cannot_be_used_are_null_and_each_is_told(b: MappingBench) -> None:
    b.text(
        "q.csv",
        "subject_id,visit,day,q1,q2,q3,q4,tot\n1,W4,2024-03-05,4,2.5,x,8,\n2,W4,2024-03-05,9,2.0,\u00a02,0,\n3,W4,2024-03-05,,-1,03,,\n",
    )
    b.map(WIDE)
    assert b.rows("form", "subject_id", "item_values", "item_values_repair") == [
        ("1", [None] * 4, None), ("2", [None, 2.0, 2.0, None], "space_removed"), ("3", [None, None, 3.0, None], None),
    ]  # fmt: skip
    assert b.rows("item_fault", "subject_id", "item", "value_raw", "value_fault", "column_name", "record_key") == [
        ("1", "MI01", "4", "out_of_scale", "q1", "1|MINI|W4|2024-03-05|MI01"),
        ("1", "MI02", "2.5", "unreadable", "q2", "1|MINI|W4|2024-03-05|MI02"),
        ("1", "MI03", "x", "unreadable", "q3", "1|MINI|W4|2024-03-05|MI03"),
        ("1", "MI04", "8", "out_of_scale", "q4", "1|MINI|W4|2024-03-05|MI04"),
        ("3", "MI02", "-1", "out_of_scale", "q2", "3|MINI|W4|2024-03-05|MI02"),
    ]


def test_the_strict_and_the_fast_way_give_the_same_hash(b: MappingBench) -> None:
    b.text(
        "q.csv",
        "subject_id,visit,day,q1,q2,q3,q4,tot\n1,W4,,1,2,3,4,\n1,W4,,1.0,2,3,4,\n1,W4,,1,2,3,5,\n1,W4,,1,2,3,x,\n1,W4,,1,2,3,y,\n",
    )
    b.map(WIDE)
    first, second, third, fourth, fifth = [h for (h,) in b.rows("form", "row_hash")]
    assert first == second
    assert len({first, third, fourth, fifth}) == 4


def test_a_row_that_is_blank_but_for_its_date_is_a_form_without_answers(b: MappingBench) -> None:
    lines = ("subject_id,visit,day,q1,q2,q3,q4,tot", "1,W4,2024-03-05,,, ,,",
             "2,W4,,,,,,5", "3,W4,,9,9,9,9,", "4,W8,,,,,,", "5,W4,x,,,,,")  # fmt: skip
    b.text("q.csv", "\n".join(lines))
    b.map(WIDE)
    assert b.rows("form", "subject_id", "item_values") == [(who, [None] * 4) for who in "1235"]
    assert b.rows("item", "subject_id", "value") == [("2", 5.0)]


def test_a_blank_row_of_a_file_that_another_table_reads_is_no_form(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,visit,day,q1,q2,q3,q4,tot\n1,1,2024-03-05,,,,,\n2,1,2024-03-05,1,,,,\n")
    b.map(WIDE + "session: {file: q.csv, fields: {session_no: visit, attended: {const: true}}}")
    assert b.rows("form", "subject_id") == [("2",)]


def test_a_row_with_one_of_two_questionnaires_is_no_form_of_the_other(b: MappingBench) -> None:
    lines = ("subject_id,day,q1,q2,q3,q4,r1,r2,r3,r4", "1,2024-03-05,1,1,1,1,,,,", "2,2024-03-05,,,,,,,,", "3,2024-03-05,,,,,1,1,1,1")
    b.text("q.csv", "\n".join(lines))
    fields = "fields: {visit: {const: W4}, assessed_on: day}"
    one, two = (rf"{{file: q.csv, wide: {{pattern: '{c}(?P<n>\d)', item: 'MI{{n:02d}}'}}, {fields}}}" for c in "qr")
    b.map(f"assessment: [{one}, {two}]")
    assert b.rows("form", "subject_id") == [("1",), ("2",), ("2",), ("3",)]


def test_an_instrument_may_be_sent_as_totals_only(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,tot\n1,4.5\n2,\n3,x\n")
    b.map("assessment: {file: q.csv, totals: {MINITOT: tot}}")
    assert b.rows("form", "subject_id", "item_values") == [("1", [None] * 4), ("3", [None] * 4)]
    assert b.rows("item", "subject_id", "value", "value_fault", "counts") == [
        ("1", 4.5, None, False),
        ("3", None, "unreadable", False),
    ]


def test_a_wide_file_that_lacks_an_item_says_so_once(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,visit,day,q1,q2,q4,tot\n1,W4,2024-03-05,1,2,3,\n2,W4,2024-03-05,1,2,3,\n")
    b.map(WIDE)
    assert b.rows("wide_file", "file_name", "instrument", "n_wanted", "missing") == [("q.csv", "MINI", 4, ["MI03"])]


def test_items_in_another_file_of_the_delivery_are_a_part_and_not_missing(b: MappingBench) -> None:
    b.text("fear.csv", "subject_id,q1,q2\n1,1,2\n")
    b.text("rest.csv", "subject_id,q3,q4\n1,1,2\n")
    wide = r"wide: {pattern: 'q(?P<n>\d)', item: 'MI{n:02d}'}, fields: {visit: {const: W4}}"
    b.map(f"assessment: [{{file: fear.csv, {wide}}}, {{file: rest.csv, {wide}}}]")
    assert b.rows("wide_file", "file_name", "missing") == [("fear.csv", []), ("rest.csv", [])]


def test_the_same_items_in_two_files_are_not_parts_of_each_other(b: MappingBench) -> None:
    b.text("q_1.csv", "subject_id,q1,q2,q3,q4\n1,1,2,3,4\n")
    b.text("q_2.csv", "subject_id,q1,q2,q3\n2,1,2,3\n")
    b.map(r"assessment: {file: q_*.csv, wide: {pattern: 'q(?P<n>\d)', item: 'MI{n:02d}'}, fields: {visit: {const: W4}}}")
    assert b.rows("wide_file", "file_name", "missing") == [("q_1.csv", []), ("q_2.csv", ["MI04"])]


def test_groups_that_are_not_in_the_item_code_make_a_form_each(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,w1_q1,w1_q2,w2_q1,w2_q2\n1,1,2,3,x\n2,,,1,\n")
    b.map(r"assessment: {file: q.csv, wide: {pattern: '(?P<visit>w\d)_q(?P<n>\d+)', item: 'MI{n:02d}'}, fields: {visit: visit}}")
    assert b.rows("form", "subject_id", "visit", "item_values") == [
        ("1", "w1", [1.0, 2.0, None, None]), ("1", "w2", [3.0, None, None, None]), ("2", "w2", [1.0, None, None, None]),
    ]  # fmt: skip
    assert b.row("item_fault", "visit", "item", "value_raw") == ("w2", "MI02", "x")


def test_an_item_the_instrument_has_not_is_an_error_that_names_column_and_code(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,visit,day,q1,q5,tot\n1,W4,,1,2,\n")
    with pytest.raises(ConfigurationError, match=r"column 'q5' of q\.csv gives item 'MI05', which MINI has not"):
        b.map(WIDE)


def test_mapped_item_values_are_read_by_their_map(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,q1,q2,q3,q4\n1,never,Often,1,\n")
    b.map(
        r"assessment: {file: q.csv, wide: {pattern: 'q(?P<n>\d)', item: 'MI{n:02d}'}, fields: {value: {map: {never: 0, often: 3}}}}"
    )
    assert b.row("form", "item_values") == ([0.0, 3.0, None, None],)
    assert b.row("item_fault", "item", "value_fault") == ("MI03", "unknown_code")


def test_long_items_and_totals_are_told_apart_by_their_code(b: MappingBench) -> None:
    b.text(
        "q.csv",
        "subject_id,visit,code,val\n1,W4,mi01,3\n1,W4,MI02,4\n1,W4,MI04,0\n1,W4,MINITOT,99\n1,W4,MI09,1\n1,W4,MI03,1.5\n1,W4,MI03,\n",
    )
    b.map(LONG)
    assert b.rows("item", "item", "item_no", "is_total", "counts", "value", "item_fault", "value_fault") == [
        ("MI01", 1, False, True, 3.0, None, None),
        ("MI02", 2, False, True, None, None, "out_of_scale"),
        ("MI04", 4, False, True, None, None, None),
        ("MINITOT", None, True, True, 99.0, None, None),
        (None, None, False, True, 1.0, "unknown_code", None),
        ("MI03", 3, False, True, None, None, "unreadable"),
        ("MI03", 3, False, True, None, None, None),
    ]
    assert b.rows("item", "record_key")[0] == ("1|MINI|W4||mi01",)


def test_a_correction_reaches_a_single_cell_of_a_wide_form(b: MappingBench) -> None:
    b.text("q.csv", "subject_id,visit,day,q1,q2,q3,q4,tot\n1,W4,,33,2,1,1,\n2,W4,,1,2,1,1,\n")
    fix = {"table": "assessment", "key": "1|MINI|W4|", "field": "MI01", "as_sent": "33", "use": "3"}
    named = {"table": "assessment", "key": "2|MINI|W4||MI02", "field": "value", "as_sent": "2", "use": "1"}
    stale = {"table": "assessment", "key": "2|MINI|W4|", "field": "MI03", "as_sent": "7", "use": "1"}
    b.map(WIDE, corrections=[fix, named, stale])
    assert b.rows("form", "item_values", "item_values_repair") == [
        ([3.0, 2.0, 1.0, 1.0], "corrected"),
        ([1.0, 1.0, 1.0, 1.0], "corrected"),
    ]
    assert b.rows("stale_correction", "record_key", "field") == [("2|MINI|W4|", "MI03")]


def test_a_wide_range_is_read_without_a_list_of_its_values(b: MappingBench) -> None:
    from schemas.instrument import Instrument

    body = {"name": "VAS", "title": "VAS", "source": "x", "items": [{"code": "V{n}", "last": 2, "minimum": 0, "maximum": 100}],
            "scales": [{"paramcd": "VASTOT", "label": "T", "items": ["V1", "V2"], "minimum": 0, "maximum": 200}]}  # fmt: skip
    unit = b.unit(r"assessment: {file: q.csv, wide: {pattern: 'v(?P<n>\d)', item: 'V{n}'}}")
    unit = type(unit)(unit.key, unit.site, unit.trial, (Instrument.model_validate(body),), (), (), unit.folder)
    b.text("q.csv", "subject_id,v1,v2\n1,100,0\n2,101,55.5\n")
    mapping_bench.map_batch(b.con, [mapping_bench.MapInput(1, unit, (b.delivery(),))])
    assert b.rows("form", "item_values") == [([100.0, 0.0],), ([None, None],)]
    assert b.rows("item_fault", "value_fault") == [("out_of_scale",), ("unreadable",)]


def test_a_slot_that_lacks_a_cell_its_neighbours_have_is_told(b: MappingBench) -> None:
    b.text("suds.csv", "subject_id,b1,p1,e1,b2,e2\n1,50,60,40,45,30\n")
    b.map(
        r"rating: {file: suds.csv, wide: {pattern: '(?P<column>[bpe])(?P<no>\d)'},"
        r" fields: {session_no: {const: 3}, exercise_no: no, begin: {from: b, scale: 0-100}, peak: {from: p, scale: 0-100},"
        r" end: {from: e, scale: 0-100}}}"
    )
    assert b.rows("wide_file", "table_name", "slot", "n_wanted", "missing") == [("rating", "1", 3, []), ("rating", "2", 3, ["p"])]


def test_a_missing_column_is_asked_about_by_name(run_models: ModelBench) -> None:
    run_models.given("mapped.wide_file", """
        file_name | source_file | table_name | instrument | slot | n_wanted | missing
        q.csv     | aaa         | assessment | MINI       |      | 4        | [MI03]
        w.csv     | bbb         | assessment | MINI       | w1   | 4        | []
    """)
    run_models.run("staging.wide_file")
    assert run_models.judge("wide_file") == [("wide_column_missing", "", "q.csv|MINI")]
    found = judge.judge_table(run_models.con, "wide_file", EVIDENCE).findings
    assert found.get_column("suggestion").to_list() == ["no column for 1 of 4: MI03"]


def test_a_form_without_the_items_that_no_scale_adds_lacks_nothing(b: MappingBench) -> None:
    """Y-BOCS 1-10 are scored; a site that leaves out 1b, 6b and 11-19 is not asked for them, one that sends them is read."""
    from tests.spec.instrument_bench import instruments

    ybocs = instruments()["Y-BOCS"]
    unit = b.unit(r"assessment: {file: q.csv, wide: {pattern: 'yb(?P<n>\d+)', item: 'YB{n:02d}'}}")
    unit = type(unit)(unit.key, unit.site, unit.trial, (ybocs,), (), (), unit.folder)
    b.text("q.csv", "subject_id," + ",".join(f"yb{n}" for n in range(1, 11)) + "\n1" + ",2" * 10 + "\n")
    mapping_bench.map_batch(b.con, [mapping_bench.MapInput(1, unit, (b.delivery(),))])
    assert b.rows("wide_file", "instrument", "n_wanted", "missing") == [("Y-BOCS", 10, [])]
    b.text("q.csv", "subject_id," + ",".join(f"yb{n}" for n in range(1, 20)) + "\n1" + ",2" * 19 + "\n")
    mapping_bench.map_batch(b.con, [mapping_bench.MapInput(1, unit, (b.delivery(),))])
    assert b.row("form", "item_values") == ([2.0] * 10 + [None] * 2 + [2.0] * 9,)
    assert b.rows("item_fault", "item") == []
