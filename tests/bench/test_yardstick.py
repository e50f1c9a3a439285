"""The hand-written script and trialweave, which share no line, give the same cells and ask the same questions.

What belongs here: comparing the two on a small trial full of odd rows (odd_rows.py), and which rules of the catalogue the script must ask.
What does not: time (bench.py), the script by itself (test_bench_smoke.py).
"""

from __future__ import annotations

import re

import duckdb
import pytest

from flows.engine.config import load
from schemas.columns import columns
from schemas.rules import Rule, catalogue
from tests.bench import handwritten, odd_rows
from tests.bench.generate import generate
from tests.engine import Engine

#: A rule's name in the script where it is another one there (planting.py calls its faults so).
NAMES = {
    "duplicate_same": "duplicate_row", "session_number": "session_no_outside_protocol", "unknown_subject": "subject_not_listed",
    "unreadable": "unreadable_value",
}  # fmt: skip
#: Tables of rules about deliveries, files, rows that no mapping reads, fields that a form hides, corrections, arms: not the script's.
NOT_OF_ROWS = (
    "delivery", "loose_row", "file_column", "file_note", "wide_file", "repeated_cell", "hidden_cell", "stale_correction", "randomization",
    "row_mark",
)  # fmt: skip
#: Why a rule cannot apply to one first full delivery of the bench's trial. A new rule is asked by the script or stands here.
CANNOT_APPLY = {
    "adverse_event_repeated": "compares with an earlier delivery",
    "age_not_of_trial": "the trial names no ages",
    "ambiguous_format": "each column has one format",
    "ambiguous_join": "no column comes from another table",
    "arm_not_sent": "the trial is blinded",
    "change_rating_at_baseline": "no instrument rates change",
    "clock_offset_unlike_zone": "times carry no offset",
    "corrected": "there are no written corrections",
    "form_days_step_site": "forms are of days of their own, not of a session's",
    "id_padded": "identifiers have no declared length",
    "instrument_missing": "the mapping names the instrument of each file",
    "instrument_not_of_trial": "the mapping names the instrument of each file",
    "item_missing": "the mapping names the item of each file",
    "medication_indication_unlike": "no file has an indication",
    "medication_none_dosed": "no file has the dose of a medication in a column",
    "medication_zero_dose": "no file has the dose of a medication in a column",
    "removal_requested": "no file asks for a removal",
    "suds_scale_short_site": "ratings are declared on 0-100",
    "superseded": "a later delivery replaces no earlier one",
    "two_digit_year": "years have four digits in every format",
    "weight_missing": "doses do not go by weight",
}
#: Rules that apply and are not in the script yet; its work is smaller by these.
NOT_YET: set[str] = set()


def _asked_by_the_script() -> set[str]:
    """Rules of the catalogue whose name stands as a text in the script's SQL."""
    texts = [p.read_text(encoding="utf-8") for p in sorted(handwritten.SQL.glob("*.sql"))]
    return {NAMES.get(word, word) for text in texts for word in re.findall(r"'([a-z_]+)'", text)} & {r.id for r in catalogue()}


def _is_of_rows(rule: Rule) -> bool:
    return not all(t.startswith(NOT_OF_ROWS) for t in rule.tables)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Schemas `script` and `trialweave` with one view a set, of 360 participants in 6 sites with 1 % faulty rows and many odd ones."""
    root = tmp_path_factory.mktemp("yardstick")
    generate(root, n_subjects=360, n_sites=6, seed=7)
    odd_rows.plant(root / "exports")
    handwritten.run(root / "config", root / "exports", root / "out", handwritten.Options(size=6))
    con = Engine(load(root / "config"), root / "data").run().connect()
    con.execute("create schema script")
    for name in (*handwritten.SETS, "adipd", "finding"):
        con.execute(f"create view script.{name} as from read_parquet('{root}/out/{name}/**/*.parquet')")
    return con


@pytest.mark.parametrize("dataset", [*handwritten.SETS, "adipd"])
def test_every_cell_is_the_same(both: duckdb.DuckDBPyConnection, dataset: str) -> None:
    shown = ", ".join(f"round({c.name}, 6)" if c.type == "Float" else f"{c.name}::varchar" for c in columns()[dataset])
    rows = both.execute(f"select count(*) from {dataset}").fetchall()[0][0]
    for one, other in ((f"main.{dataset}", f"script.{dataset}"), (f"script.{dataset}", f"main.{dataset}")):
        assert both.execute(f"(select {shown} from {one}) except all (select {shown} from {other}) limit 3").fetchall() == []
    assert rows > 50


def test_every_question_is_asked_by_both_and_as_often(both: duckdb.DuckDBPyConnection) -> None:
    asked = dict(both.execute("select rule, sum(n_rows)::int from findings group by 1").fetchall())
    found = {NAMES.get(rule, rule): n for rule, n in both.execute("select rule, count(*) from script.finding group by 1").fetchall()}
    assert {rule: n for rule, n in asked.items() if rule not in NOT_YET} == found


def test_every_rule_that_can_apply_is_asked_by_the_script_and_no_excuse_is_stale() -> None:
    due = {r.id for r in catalogue() if _is_of_rows(r)} - set(CANNOT_APPLY) - NOT_YET
    asked = _asked_by_the_script()
    assert due - asked == set(), "write these into tests/bench/handwritten/*.sql, or say in CANNOT_APPLY why they cannot apply"
    assert asked - due == set()
    assert set(CANNOT_APPLY) | NOT_YET <= {r.id for r in catalogue()}


def test_the_small_trial_has_a_case_for_every_rule_of_the_script(both: duckdb.DuckDBPyConnection) -> None:
    found = {NAMES.get(rule, rule) for (rule,) in both.execute("select distinct rule from script.finding").fetchall()}
    assert _asked_by_the_script() - found == set()
