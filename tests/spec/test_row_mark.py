"""Rows and cells that a workbook strikes through, hides or comments on, and rows that a column takes back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from tests.harness import ModelBench
from tests.spec.mapping_bench import MappingBench

DOSE = "dose: {file: dose.xlsx, fields: {subject_id: id, session_no: no, dose: {from: mg, unit: mg}, taken: taken}}"


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    return MappingBench(tmp_path)


def book(n: int) -> openpyxl.Workbook:
    """A workbook of n doses."""
    made = openpyxl.Workbook()
    made.active.append(["id", "no", "mg", "taken"])
    for row in range(n):
        made.active.append([f"S{row + 1}", 1, 50, 1])
    return made


def save(made: openpyxl.Workbook, b: MappingBench) -> None:
    """As the delivery's only file."""
    (b.folder / "a").mkdir()
    made.save(b.folder / "a" / "dose.xlsx")


def test_struck_hidden_and_commented_rows_are_told_by_their_record(b: MappingBench) -> None:
    made = book(6)
    for cell in made.active[3]:
        cell.font = Font(strike=True)
    made.active["C4"].font = Font(strike=True)
    made.active.row_dimensions[5].hidden = True
    made.active["C6"].comment = Comment("not sure", "A. B.")
    made.active["C1"].comment = Comment("in milligrams", "A. B.")  # a heading is no record
    save(made, b)
    b.map(DOSE)
    assert b.rows("row_mark", "source_row", "kind", "columns", "said", "subject_id", "record_key", "table_name") == [
        (2, "struck", "", None, "S2", "S2|1||", "dose"),
        (3, "struck", "mg", None, "S3", "S3|1||", "dose"),
        (4, "hidden", "", None, "S4", "S4|1||", "dose"),
        (5, "comment", "mg", "not sure", "S5", "S5|1||", "dose"),
    ]


def test_a_filter_that_was_left_on_is_told_once_of_the_file(b: MappingBench) -> None:
    made = book(40)
    for row in range(2, 32):
        made.active.row_dimensions[row].hidden = True
    made.active.column_dimensions["C"].hidden = True
    save(made, b)
    b.map(DOSE)
    assert b.rows("row_mark", "source_row") == []
    assert b.con.execute("select note from mapped.file_note order by 1").fetchall() == [
        ("30 hidden row(s) are read like all others",), ("hidden column(s) 'mg' are read like all others",),
    ]  # fmt: skip


def test_each_kind_of_mark_has_its_question(run_models: ModelBench) -> None:
    run_models.given("mapped.row_mark", """
        subject_id | record_key | source_row | kind    | columns | said
        S1         | S1         | 2          | struck  |         |
        S2         | S2         | 3          | hidden  |         |
        S3         | S3         | 4          | comment | mg      | half
        S4         | S4         | 5          | annulled | deleted |
    """)  # fmt: skip
    asked = run_models.run("staging.row_mark").judge("row_mark")
    assert asked == [
        ("cell_commented", "mg", "S3"), ("row_annulled", "deleted", "S4"), ("row_hidden", "", "S2"), ("row_struck_out", "", "S1"),
    ]  # fmt: skip


CSV = "dose: {file: dose.csv, fields: {subject_id: id, session_no: no, dose: {from: mg, unit: mg}, taken: taken}"


def test_rows_that_an_unread_column_takes_back_are_told_by_their_record(b: MappingBench) -> None:
    b.text("dose.csv", "id,no,mg,taken,isDeleted,deleted_at,test,record_status\n"
                       "S1,1,50,1,false,,1,ok\nS2,1,50,1,true,,1,ok\nS3,1,50,1,false,2025-03-01,1,ok\nS4,1,50,1,,,,Void\n")
    b.map(CSV + "}")
    assert b.rows("row_mark", "source_row", "kind", "columns", "subject_id", "record_key", "table_name") == [
        (2, "annulled", "isDeleted", "S2", "S2|1||", "dose"),
        (3, "annulled", "deleted_at", "S3", "S3|1||", "dose"),
        (4, "annulled", "record_status", "S4", "S4|1||", "dose"),
    ]


@pytest.mark.parametrize("more", [", where: {deleted: {none_of: ['1']}}", ", ignore_columns: [deleted]"])
def test_a_column_that_the_mapping_reads_or_ignores_asks_nothing(b: MappingBench, more: str) -> None:
    b.text("dose.csv", "id,no,mg,taken,deleted\nS1,1,50,1,0\nS2,1,50,1,1\n")
    b.map(CSV + more + "}")
    assert b.rows("row_mark", "source_row") == []


@pytest.mark.parametrize(("column", "cells", "told"), [
    ("CMOCCUR", ["Y", "N", ""], [2]), ("ECMOOD", ["PERFORMED", "SCHEDULED", ""], [2]), ("RecordActive", ["1", "0", ""], [2]),
    ("is_test", ["0", "1", ""], [2]), ("Voided by", ["", "A. B.", ""], [2]), ("gelöscht", ["nein", "ja", ""], [2]),
    ("Test", ["1", "2", "yes"], []), ("Test date", ["2025-03-01", "", ""], []), ("Status", ["stopped", "cancelled", "inactive"], []),
    ("active", ["0", "1", "no"], []), ("capsules removed", ["1", "2", "3"], []),
])  # fmt: skip
def test_which_columns_take_rows_back(b: MappingBench, column: str, cells: list[str], told: list[int]) -> None:
    rows = "".join(f"S{n},1,50,1,{cell}\n" for n, cell in enumerate(cells, 1))
    b.text("dose.csv", f"id,no,mg,taken,{column}\n{rows}")
    b.map(CSV + "}")
    assert b.rows("row_mark", "source_row") == [(n,) for n in told]
