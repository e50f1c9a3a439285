"""Columns sorted, dragged down or moved without the columns beside them."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench

DRUGS = ["abacavir", "bisoprolol", "cetirizine", "diazepam", "enalapril", "fluoxetine", "gabapentin", "heparin", "ibuprofen"]


def asked(bench: ModelBench, name: str, lines: list[str]) -> list[tuple[str, str, str]]:
    """What is asked of a table of one row a participant, S01, S02 ...; the rows' records are numbered."""
    head, *rows = lines
    people = "\n".join(f"S{n:02d} | {20 + n * 7 % 40} | {60 + n * 11 % 30}" for n in range(1, len(lines)))
    bench.given("mapped.subject", f"subject_id | age_years | weight_kg\n{people}")
    body = "\n".join(f"{row} | S{n:02d} | {n}" for n, row in enumerate(rows, start=1))
    bench.given(f"mapped.{name}", f"{head} | subject_id | record_key\n{body}")
    return bench.run("core.column_order").judge("core.column_order")


@pytest.mark.parametrize(
    ("drugs", "n"),
    [
        (DRUGS, 9),  # all in order
        (DRUGS[::-1], 9),
        ([*DRUGS[:8], "aspirin"], 0),  # one is not
        (DRUGS[:6] + DRUGS[6:7] * 3, 0),  # too few values
    ],
)
def test_drugs_in_their_order_beside_participants_in_theirs_are_asked_about(run_models: ModelBench, drugs: list[str], n: int) -> None:
    found = asked(run_models, "medication", ["verbatim", *drugs])
    assert found == [("column_sorted", "verbatim", str(i + 1)) for i in range(n)]


def test_ages_in_order_are_asked_about(run_models: ModelBench) -> None:
    people = "\n".join(f"S{n:02d} | {20 + 3 * n - n % 3} | {60 + n * 11 % 30}" for n in range(1, 10))
    run_models.given("mapped.subject", f"subject_id | age_years | weight_kg\n{people}")
    found = run_models.run("core.column_order").judge("core.column_order")
    assert {(rule, field) for rule, field, _ in found} == {("column_sorted", "age_years")}
    assert len(found) == 9


@pytest.mark.parametrize(
    ("ends", "fields"),
    [
        ([5, 10, 10, 15, 20, 25, 30, 35, 40, 45], {"end_suds"}),
        ([45, 40, 35, 30, 25, 20, 15, 10, 10, 5], {"end_suds"}),
        ([5, 10, 10, 15, 20, 25, 30, 35, 45, 40], set()),  # one is not in order
        ([5, 5, 5, 5, 5, 5, 10, 10, 10, 10], set()),  # two values stand so by chance
    ],
)
def test_fear_at_the_end_in_its_own_order_is_asked_about(run_models: ModelBench, ends: list[int], fields: set[str]) -> None:
    rows = [f"3 | 1 | {60 + 7 * n % 30} | {95 - n % 4} | {end}" for n, end in enumerate(ends)]
    found = asked(run_models, "rating", ["session_no | exercise_no | begin_suds | peak_suds | end_suds", *rows])
    assert {field for rule, field, _ in found if rule == "column_sorted"} == fields
    assert len(found) == 10 * len(fields)


@pytest.mark.parametrize(
    ("starts", "filled"),
    [
        (["2022-03-01", *["2022-03-09"] * 5, "2022-05-02"], ["2", "3", "4", "5", "6"]),
        (["2022-03-01", *["2022-03-09"] * 3, "2022-05-02"], []),  # three may share a day
        (["2022-03-02", *["2022-03-01"] * 5, "2022-05-02"], []),  # a first of the month stands for an unknown day
        (["2022-03-02", *["2022-03"] * 5, "2022-05-02"], []),
    ],
)
def test_a_day_dragged_down_over_participants_is_asked_about(run_models: ModelBench, starts: list[str], filled: list[str]) -> None:
    # among twenty other days, so that chance cannot make the run
    others = [f"2021-{1 + n % 12:02d}-{2 + n:02d}" for n in range(20)]
    rows = [f"{'headache' if n % 2 else 'nausea'} | {day}" for n, day in enumerate([*starts, *others])]
    assert asked(run_models, "adverse_event", ["verbatim | started_on", *rows]) == [
        ("column_filled_down", "started_on", row) for row in filled
    ]


@pytest.mark.parametrize(
    ("starts", "filled"),
    [
        (["2022-02-27", "2022-02-28", "2022-03-01", "2022-03-02", "2022-03-03"], ["2", "3", "4", "5", "6"]),
        (["2022-02-27", "2022-02-28", "2022-03-01"], []),
        (["2022-02-27", "2022-02-28", "2022-03-02", "2022-03-03", "2022-03-04"], []),  # one day left out
        (["2022-03-03", "2022-03-02", "2022-03-01", "2022-02-28", "2022-02-27"], []),  # a spreadsheet counts up
    ],
)
def test_days_that_go_up_by_one_over_participants_are_asked_about(run_models: ModelBench, starts: list[str], filled: list[str]) -> None:
    others = [f"2021-{1 + n % 12:02d}-{2 + n:02d}" for n in range(20)]
    rows = [f"{'headache' if n % 2 else 'nausea'} | {day}" for n, day in enumerate(["2022-05-03", *starts, "2022-05-02", *others])]
    assert asked(run_models, "adverse_event", ["verbatim | started_on", *rows]) == [
        ("column_filled_down", "started_on", row) for row in filled
    ]


def test_a_common_event_in_rows_one_below_the_other_is_no_drag(run_models: ModelBench) -> None:
    rows = ["headache | 2022"] * 5 + ["nausea | 2022", "headache | 2022"] * 8
    assert asked(run_models, "adverse_event", ["verbatim | started_on", *rows]) == []


def test_rows_that_do_not_stand_in_the_order_of_participants_are_not_looked_at(run_models: ModelBench) -> None:
    run_models.given("mapped.subject", "subject_id | age_years\n" + "\n".join(f"S{9 - n:02d} | {20 + 3 * n - n % 3}" for n in range(1, 9)))
    assert run_models.run("core.column_order").judge("core.column_order") == []


@pytest.mark.parametrize(("move", "n"), [(0, 0), (1, 8), (-1, 8)])
def test_events_that_moved_by_a_row_fit_the_participants_beside(run_models: ModelBench, move: int, n: int) -> None:
    months = [f"2022-{m:02d}" for m in (1, 12, 3, 10, 5, 8, 2, 11)]
    people = "\n".join(f"S{i} | {m}-01 | {m}-02" for i, m in enumerate(months))
    run_models.given("mapped.subject", f"subject_id | consented_on | randomized_on\n{people}")
    events = "\n".join(f"S{i} | headache | {months[(i - move) % 8]}-09 | {i}" for i in range(8))
    run_models.given("mapped.adverse_event", f"subject_id | verbatim | started_on | record_key\n{events}")
    found = run_models.run("core.event_course").judge("core.event_course")
    assert found == [("events_moved", "", str(i)) for i in range(n)]
