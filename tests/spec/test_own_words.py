"""What a file says of its own columns is held against the mapping: labels, units, codes declared missing, clocks of dates."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from tests.spec.mapping_bench import MappingBench

RATING = "rating: {file: s.sav, %sfields: {subject_id: id, session_no: no, exercise_no: ex, end: {from: end, scale: 0-100}}}"


@pytest.fixture
def b(tmp_path):
    (tmp_path / "a").mkdir()
    return MappingBench(tmp_path)


def doubts(b):
    return [row[0] for row in b.con.execute("select note from mapped.file_note where is_doubt").fetchall()]


def spss(b, ends, **how):
    n = len(ends)
    frame = pd.DataFrame({"id": [str(i) for i in range(n)], "no": [1.0] * n, "ex": [1.0] * n, "end": ends})
    pyreadstat.write_sav(frame, b.folder / "a" / "s.sav", **how)


def test_labels_that_are_other_numbers_than_the_codes_are_asked_about(b):
    labels = {"end": {1: "10", 2: "35", 3: "80"}}  # as SPSS's autorecode and Stata's encode leave them
    spss(b, [1.0, 2.0, 3.0], variable_value_labels=labels)
    b.map(RATING % "")
    assert [row[0] for row in b.rows("rating", "end_suds")] == [1.0, 2.0, 3.0]
    assert doubts(b) == [
        "column(s) 'end': the file's labels are other numbers than its codes (1 is called 10, 2 is called 35, 3 is called 80), so values"
        " may be wrong: set value_labels: text, or map the codes"
    ]
    b.map(RATING % "value_labels: text, ")
    assert [row[0] for row in b.rows("rating", "end_suds")] == [10.0, 35.0, 80.0]
    assert doubts(b) == []


@pytest.mark.parametrize(
    ("labels", "asked"),
    [
        ({0: "0 none", 1: "1 mild", 2: "2 severe"}, False),
        ({1: "0 = none", 2: "1 = mild", 3: "2 = severe"}, True),
        ({1: "none", 2: "mild"}, False),
        ({1: "18-29", 2: "30-44"}, False),
        ({1: "10%", 2: "20%"}, False),
        ({0: "0", 1: "1", 2: "2", 9: "3 or more"}, False),
    ],
)
def test_only_labels_that_begin_with_another_number_are(b, labels, asked):
    spss(b, [float(code) for code in labels], variable_value_labels={"end": labels})
    b.map(RATING % "")
    assert bool(doubts(b)) is asked


def test_items_of_a_questionnaire_are_held_against_their_labels_too(b):
    columns = {f"f{n}": [1.0, 4.0] for n in range(1, 5)}
    labels = {name: {1: "0", 2: "1", 3: "2", 4: "3"} for name in columns}
    frame = pd.DataFrame({"id": ["1", "2"], "v": ["BASELINE"] * 2, **columns})
    pyreadstat.write_sav(frame, b.folder / "a" / "q.sav", variable_value_labels=labels)
    wide = "wide: {pattern: 'f(?P<item>\\d+)', item: 'MI{item:02d}'}"
    b.map(f"assessment: {{file: q.sav, {wide}, fields: {{subject_id: id, instrument: {{const: MINI}}, visit: v}}}}")
    assert [n.partition(",")[0] for n in doubts(b)] == ["column(s) 'f1'"]
    assert "'f3' and 1 more: the file's labels are other numbers than its codes (1 is called 0, 2 is called 1" in doubts(b)[0]


def test_a_value_of_the_scale_that_the_file_declares_missing_is_asked_about(b):
    spss(b, [0.0, 40.0, -9.0], missing_ranges={"end": [0, -9]})
    b.map(RATING % "")
    assert [n.partition(", so")[0] for n in doubts(b)] == ["column 'end': the file declares ['0'] missing, which are values of the scale"]
    b.map(RATING % "user_missing: keep, ")
    assert doubts(b) == []


def test_the_unit_that_a_workbook_shows_in_all_of_a_column_is_held_against_the_mapping(b):
    book = openpyxl.Workbook()
    for row in (["id", "kg"], ["1", 154], ["2", 170]):
        book.active.append(row)
    for row in (2, 3):
        book.active.cell(row, 2).number_format = '0" lb"'
    book.save(b.folder / "a" / "s.xlsx")
    mapping = "subject: {file: s.xlsx, fields: {subject_id: id, weight_kg: {from: kg, unit: %s}}}"
    b.map(mapping % "kg")
    assert doubts(b) == ["column 'kg' is in 'lb' as the file says, the mapping declares 'kg', so values may be wrong; correct unit"]
    b.map(mapping % "lb")
    assert doubts(b) == []


@pytest.mark.parametrize(
    ("clocks", "asked"),
    [((22, 23, 22), True), ((23, 23, 23), True), ((0, 0, 0), False), ((12, 12, 12), False), ((22, 14, 10), False), ((5, 5, 5), False)],
)
def test_dates_stored_as_midnight_in_another_zone_are_asked_about(b, clocks, asked):
    days = [dt.datetime(2024, 3, n + 1, hour) for n, hour in enumerate(clocks)]
    pq.write_table(pa.table({"id": ["1", "2", "3"], "on": days}), b.folder / "a" / "s.parquet")
    b.map("subject: {file: s.parquet, fields: {subject_id: id, consented_on: {from: on, format: '%Y-%m-%d'}}}")
    assert bool(doubts(b)) is asked
