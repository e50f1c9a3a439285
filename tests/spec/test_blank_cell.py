"""Cells left blank where nearly all rows of the site have one."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench

WORKED = "Sites"

_SUBJECT = "subject_id | age_years | sex | weight_kg | weight_kg_raw | record_key | source_row::BIGINT\n"


def asked(bench: ModelBench, subjects: str = "", doses: str = "", medications: str = "", events: str = "", forms: str = "") -> list[str]:
    """Records asked about; empty texts are tables without a row."""
    bench.given("intake.subject", _SUBJECT + subjects)
    bench.given("intake.dose", "subject_id | session_no::INT | time_point | record_key | source_row::BIGINT\n" + doses)
    bench.given(
        "intake.medication", "subject_id | verbatim | started_on | ongoing::BOOLEAN | record_key | source_row::BIGINT\n" + medications
    )
    bench.given("intake.adverse_event", "row_id::BIGINT | subject_id | severity | related | record_key | source_row::BIGINT\n" + events)
    bench.given(
        "core.form",
        "unit::INT | study | site | source_file | subject_id | instrument | n_items::INT | n_answered::INT | n_faulty::INT | "
        "record_key | source_row::BIGINT\n"
        + forms,
    )
    bench.given("core.adverse_event", "row_id::BIGINT | is_event::BOOLEAN\n" + "\n".join(f"{n} | {n != 99}" for n in range(100)))
    bench.given("ref.coding", "unit::INT | verbatim | codestat\n0 | none | NOT_A_DRUG")
    bench.run("core.blank_cell")
    return sorted(key for rule, _, key in bench.judge("core.blank_cell") if rule == "cell_blank_unlike_site")


def whole(n: int) -> str:
    """Rows of participants who have everything."""
    return "".join(f"O{k} | 40 | F | 70 | 70 | o{k} | {k}\n" for k in range(n))


@pytest.mark.parametrize(
    ("row", "others", "found"),
    [
        (" | F | 70 | 70", 9, ["x"]),
        ("40 | | 70 | 70", 9, ["x"]),
        ("40 | F | | ", 9, ["x"]),
        ("40 | F | | declared missing", 9, []),
        ("40 | F | 70 | 70", 9, []),
        (" | F | 70 | 70", 8, []),  # too few to tell
    ],
)
def test_a_participants_only_blank_of_the_site_is_asked_about(run_models: ModelBench, row: str, others: int, found: list[str]) -> None:
    assert asked(run_models, f"{whole(others)}X | {row} | x | 99") == found


@pytest.mark.parametrize(("others", "found"), [(198, ["x", "y"]), (197, [])])
def test_two_blanks_are_asked_about_among_two_hundred(run_models: ModelBench, others: int, found: list[str]) -> None:
    assert asked(run_models, f"{whole(others)}X | | F | 70 | 70 | x | 998\nY | | M | 70 | 70 | y | 999") == found


def test_a_column_the_site_does_not_fill_is_not_asked_about(run_models: ModelBench) -> None:
    assert asked(run_models, "".join(f"O{k} | 40 | F | | | o{k} | {k}\n" for k in range(12))) == []


def test_a_capsule_without_its_planned_time_point_is_asked_about(run_models: ModelBench) -> None:
    doses = "".join(f"S{k} | 2 | PRE | o{k} | {k}\n" for k in range(9)) + "X | 2 | | x | 99"
    assert asked(run_models, doses=doses) == ["x"]
    assert run_models.judge("core.blank_cell") == [("cell_blank_unlike_site", "", "x")]


def test_medications_and_events_without_a_fact_all_others_have_are_asked_about_and_none_is_not(run_models: ModelBench) -> None:
    medications = "".join(f"S{k} | aspirin | 2024 | true | o{k} | {k}\n" for k in range(10))
    medications += "X | aspirin | | true | start | 97\nX | aspirin | 2023 | | end | 98\nX | none | | | nothing | 99"
    events = "".join(f"{k} | S{k} | MILD | no | o{k} | {k}\n" for k in range(10))
    events += "97 | X | | no | severity | 97\n98 | X | MILD | | relation | 98\n99 | X | | | nothing | 99"
    assert asked(run_models, medications=medications, events=events) == ["end", "relation", "severity", "start"]


@pytest.mark.parametrize(
    ("counts", "others", "found"),
    [("47 | 0", 19, ["x"]), ("47 | 1", 19, []), ("0 | 0", 19, []), ("48 | 0", 19, []), ("47 | 0", 18, [])],
)
def test_the_only_form_of_the_site_with_a_blank_answer_is_asked_about(
    run_models: ModelBench, counts: str, others: int, found: list[str]
) -> None:
    forms = "".join(f"0 | t01 | 01 | f | S{k} | LSAS | 48 | 48 | 0 | o{k} | {k}\n" for k in range(others))
    assert asked(run_models, forms=f"{forms}0 | t01 | 01 | f | X | LSAS | 48 | {counts} | x | 99") == found
