"""Deliveries that add up: a record that is again what it was before a correction."""

from __future__ import annotations

import polars as pl
import pytest

from flows.engine import records, taken_back
from flows.engine.delivery_findings import rule
from tests.harness import EVIDENCE, table


def kept(text: str) -> pl.DataFrame:
    """Rows of records in the order in which they came: file, table, what tells the record apart, its place, its text, its answers."""
    names, rows = table(text)
    made = [
        {"site": "01", "table": r["table"], "key": r["key"], "slot": r["slot"], "record_key": r["key"], "subject": "P1", "n": 1,
         "source_file": r["file"], "source_row": 1, "happened_on": None, "as_sent": ["P1", r["text"]], "digest": int(r["answers"] or 0),
         "removed": False}
        for r in (dict(zip(names, row, strict=True)) for row in rows)
    ]  # fmt: skip
    empty = pl.from_arrow(records.SCHEMA.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return pl.DataFrame(made, schema=empty.schema)


CASES = {
    "a correction, and the row of before it once more": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.1 | P1.1 | 11:30 |
        d3   | session | P1.1 | P1.1 | 10:00 |
        """, [("P1.1", "d3")]),
    "blanked, and as before once more: named is the row that undid it": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.1 | P1.1 |       |
        d3   | session | P1.1 | P1.1 | 10:00 |
        d4   | session | P1.1 | P1.1 | 10:00 |
        """, [("P1.1", "d3")]),
    "the same row again and again, as windows that overlap send it": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.1 | P1.1 | 10:00 |
        d3   | session | P1.1 | P1.1 | 10:00 |
        """, []),
    "a correction of a correction": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.1 | P1.1 | 11:30 |
        d3   | session | P1.1 | P1.1 | 11:45 |
        """, []),
    "it was taken back, and put right again since": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.1 | P1.1 | 11:30 |
        d3   | session | P1.1 | P1.1 | 10:00 |
        d4   | session | P1.1 | P1.1 | 11:40 |
        """, []),
    "another record between is nobody's correction": ("""
        file | table   | key  | slot | text  | answers
        d1   | session | P1.1 | P1.1 | 10:00 |
        d2   | session | P1.2 | P1.2 | 11:30 |
        d3   | session | P1.1 | P1.1 | 10:00 |
        """, []),
    "a form whose date was corrected and that comes with its old date": ("""
        file | table      | key     | slot    | text  | answers
        d1   | assessment | BL.0601 | BL      | 06.01 | 7
        d2   | assessment | BL.0701 | BL      | 07.01 | 7
        d3   | assessment | BL.0601 | BL      | 06.01 | 7
        """, [("BL.0601", "d3")]),
    "answers that are again the older ones": ("""
        file | table      | key     | slot    | text  | answers
        d1   | assessment | BL.0601 | BL      | 06.01 | 7
        d2   | assessment | BL.0601 | BL      | 06.01 | 8
        d3   | assessment | BL.0601 | BL      | 06.01 | 7
        """, [("BL.0601", "d3")]),
    "two courses of one drug, which one place may hold": ("""
        file | table      | key     | slot    | text  | answers
        d1   | medication | drug.01 | drug    | 01    |
        d2   | medication | drug.02 | drug    | 02    |
        d3   | medication | drug.01 | drug    | 01    |
        """, []),
    "two rows of one place in one delivery": ("""
        file | table      | key     | slot    | text  | answers
        d1   | assessment | BL.0601 | BL      | 06.01 | 7
        d2   | assessment | BL.0701 | BL      | 07.01 | 8
        d2   | assessment | BL.0801 | BL      | 08.01 | 8
        d3   | assessment | BL.0601 | BL      | 06.01 | 7
        """, []),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "found"), CASES.values(), ids=list(CASES))
def test_a_record_that_is_again_what_it_was_before_a_correction_is_asked_about(rows: str, found: list[tuple[str, str]]) -> None:
    frame = taken_back.of_records(kept(rows))
    assert frame.select("key", "source_file").rows() == found
    asked = frame.filter(rule("older_values_returned").check("", EVIDENCE).not_())
    assert asked.height == len(found)
