"""Fields that a form did not show: no check asks for them, and a value in one is a query."""

from __future__ import annotations

import pytest

from flows.engine import judge, models
from flows.engine.hidden import Hidden
from tests.harness import EVIDENCE, ModelBench
from tests.spec.mapping_bench import MappingBench
from tests.unit.test_redcap_hidden import HEADER

DICTIONARY = HEADER + """\
record_id,dose,,text,Record,,,,,,,,,,,,,
came,dose,,yesno,Came?,,,,,,,,,,,,,
taken,dose,,yesno,Taken?,,,,,,,[came] = '1',,,,,,
mg,dose,,text,mg,,,,,,,[taken] = '1',,,,,,
at,dose,,text,At,,,,,,,[taken] = '1',,,,,,
asked,form,,yesno,Asked?,,,,,,,,,,,,,
mi1,form,,text,1,,,,,,,[asked] = '1',,,,,,
mi2,form,,text,2,,,,,,,[asked] = '1',,,,,,
mi3,form,,text,3,,,,,,,,,,,,,
"""
MAPPING = """
    subject: {file: data.csv, format: redcap, companion: dictionary.csv, fields: {subject_id: record_id}}
    dose:
      file: data.csv
      format: redcap
      companion: dictionary.csv
      fields: {subject_id: record_id, session_no: {const: 1}, time_point: {const: PRE}, taken: taken, dose: {from: mg, unit: mg},
               dosed_at: {from: at, format: "%Y-%m-%d %H:%M"}}
"""
DATA = """
    record_id | came | taken | mg | at               | dose_complete
    1         | 1    | 1     | 50 | 2024-03-05 13:00 | 2
    2         | 0    |       |    |                  | 2
    3         | 1    |       |    |                  | 2
    4         | 0    |       | 25 |                  | 2
"""


@pytest.fixture
def b(tmp_path):
    (tmp_path / "a").mkdir()
    made = MappingBench(tmp_path)
    made.text("dictionary.csv", DICTIONARY)
    return made


def told(b: MappingBench, bench: ModelBench, table: str) -> list[tuple[str, str, str]]:
    """Rules broken on a table that was mapped: (rule, field, subject)."""
    for name in ("hidden_cell", "subject", table):
        content = b.con.execute(f"select * from mapped.{name}").to_arrow_table()
        bench.con.register("new", content)
        bench.con.execute(f"create or replace table mapped.{name} as select * from new")
        bench.con.unregister("new")
    hidden = Hidden.of(bench.con)
    bench.run("intake.subject", f"staging.{table}")
    found = judge.judge_table(bench.con, table, EVIDENCE, hidden).findings
    return sorted((f["rule"], f["field"], f["record_key"].split("|")[0]) for f in found.iter_rows(named=True))


def test_hidden_cells_become_fields_of_the_records(b):
    b.file("data.csv", DATA)
    b.map(MAPPING)
    found = b.con.execute("select subject_id, table_name, field, column_name, filled from mapped.hidden_cell order by all").fetchall()
    assert found == [
        ("2", "dose", "dose_mg", "mg", False), ("2", "dose", "dosed_at", "at", False), ("2", "dose", "taken", "taken", False),
        ("3", "dose", "dose_mg", "mg", False), ("3", "dose", "dosed_at", "at", False),
        ("4", "dose", "dose_mg", "mg", True), ("4", "dose", "dosed_at", "at", False), ("4", "dose", "taken", "taken", False),
    ]  # fmt: skip


def test_no_check_asks_for_what_the_form_did_not_ask(b, run_models):
    b.file("data.csv", DATA)
    b.map(MAPPING)
    asked = [key for rule, _, key in told(b, run_models, "dose") if rule == "dose_taken_missing"]
    assert asked == ["3"]


def test_a_blank_in_a_field_that_was_shown_is_still_asked_for_and_counted(b, run_models):
    b.file("data.csv", DATA)
    b.map(MAPPING)
    told(b, run_models, "dose")
    of = judge.judge_table(run_models.con, "dose", EVIDENCE, Hidden.of(run_models.con)).results.filter(rule="dose_taken_missing")
    assert of.select("n_checked", "n_violated").rows() == [(2, 1)]


def test_a_field_of_the_same_name_in_another_table_is_asked_for(b, run_models):
    b.file("data.csv", DATA)
    b.map(MAPPING)
    b.con.execute("update mapped.hidden_cell set table_name = 'session'")
    assert [key for rule, _, key in told(b, run_models, "dose") if rule == "dose_taken_missing"] == ["2", "3", "4"]


def test_a_value_in_a_hidden_field_is_a_query_on_its_record(b, run_models):
    b.file("data.csv", DATA)
    b.map(MAPPING)
    assert told(b, run_models, "hidden_cell") == [("value_in_hidden_field", "dose_mg", "4")]


def test_a_field_of_two_columns_is_hidden_when_both_are(b):
    b.file("data.csv", DATA)
    mapping = MAPPING.replace("taken: taken", "taken: {from: [ONE, at], map: {x: true}}")
    b.map(mapping.replace("ONE", "mg"))
    assert b.con.execute("select subject_id from mapped.hidden_cell where field = 'taken' and not filled order by 1").fetchall() == [
        ("2",), ("3",),
    ]  # fmt: skip
    b.map(mapping.replace("ONE", "came"))
    assert b.con.execute("select count(*) from mapped.hidden_cell where field = 'taken'").fetchone() == (0,)


def test_a_questionnaire_whose_blank_items_were_all_hidden_is_told_as_such(b):
    b.file("data.csv", """
        record_id | asked | mi1 | mi2 | mi3 | form_complete
        1         | 0     |     |     | 3   | 2
        2         | 0     |     |     |     | 2
        3         | 1     |     | 2   | 3   | 2
    """)
    b.map("""
        assessment:
          file: data.csv
          format: redcap
          companion: dictionary.csv
          wide: {pattern: "mi(?P<item>\\\\d)", item: "MI0{item}"}
          fields: {subject_id: record_id, instrument: {const: MINI}, visit: {const: BASELINE}, assessed_on: {const: "2024-03-05"}}
    """)
    assert b.con.execute("select subject_id from mapped.hidden_cell where table_name = 'form' and field = ''").fetchall() == [("1",)]


def test_without_branching_logic_nothing_is_hidden(b):
    b.text("dictionary.csv", "\n".join(line for line in DICTIONARY.splitlines() if "[" not in line))
    b.file("data.csv", DATA)
    b.map(MAPPING)
    assert b.con.execute("select count(*) from mapped.hidden_cell").fetchone() == (0,)
    assert models.catalogue()["staging.hidden_cell"].reads == ("mapped.hidden_cell",)
