"""Blocks of answers or ratings that stand a row too low or too high in the site's file."""

from __future__ import annotations

from tests.harness import ModelBench

WORKED = "Sites"

_FORM = (
    "unit::INT | study | site | subject_id | form_id::BIGINT | instrument | item_values::DOUBLE[] | n_items::INT | n_answered::INT | "
    "source_file | source_row::BIGINT | assessed_on::DATE\n"
)
_RATED = (
    "unit::INT | study | site | row_id::BIGINT | source_file | source_row::BIGINT | subject_id | session_no::INT | "
    "begin_suds::DOUBLE | peak_suds::DOUBLE | end_suds::DOUBLE\n"
)
#: Eight participants with four forms of four items each: every one has a level, and gets a little better.
LEVELS = [3, 0, 2, 1, 3, 1, 0, 2]
FORMS = [[10 * level + 2 - visit + (item == visit) for item in range(4)] for level in LEVELS for visit in range(4)]


def asked(
    bench: ModelBench, forms: list[list[int]], order: list[int] | None = None, months: tuple[int, ...] = (1, 2, 3, 4)
) -> list[tuple[object, ...]]:
    """What is asked of a site that sends these forms, four a participant; `order`: whose row stands where; `months`: of its four rows."""
    whose = order or [n // 4 for n in range(len(forms))]
    n_items = len(forms[0])
    rows = [
        f"0 | t01 | 01 | P{who} | {n} | Q4 | {f} | {n_items} | {n_items} | f | {n} | 2025-0{months[(n - 1) % 4]}-01"
        for n, (who, f) in enumerate(zip(whose, forms, strict=True), 1)
    ]
    bench.given("core.form", _FORM + "\n".join(rows))
    bench.given("intake.rating", _RATED)
    bench.run("core.row_shift")
    rule = {key for name, _, key in bench.judge("core.row_shift") if name == "rows_shifted_site"}
    assert rule <= {"01|Q4"}
    found = sorted(bench.rows("core.row_shift", "nearness", "way", "source_row"), reverse=True)
    return [found[0][1:]] if rule else []


def test_rows_in_order_are_not_asked_about(run_models: ModelBench) -> None:
    assert asked(run_models, FORMS) == []


def test_answers_pasted_a_row_too_low_are_asked_about_from_the_first_participant_on(run_models: ModelBench) -> None:
    assert asked(run_models, FORMS[-1:] + FORMS[:-1]) == [("down", 5)]  # row 5: the first of the second participant


def test_a_row_of_somebody_elses_in_between_does_not_hide_them(run_models: ModelBench) -> None:
    whose = [n // 4 for n in range(32)]
    whose[13] = 7  # the second row of the fourth participant names the last one
    assert asked(run_models, FORMS[-1:] + FORMS[:-1], order=whose) == [("down", 5)]


def test_answers_pasted_a_row_too_high_are_asked_about(run_models: ModelBench) -> None:
    assert asked(run_models, FORMS[1:] + FORMS[:1]) == [("up", 5)]


def test_two_rows_that_changed_places_are_no_block(run_models: ModelBench) -> None:
    assert asked(run_models, [*FORMS[:4], FORMS[8], *FORMS[5:8], FORMS[4], *FORMS[9:]]) == []


def test_a_file_sorted_by_visit_does_not_tell(run_models: ModelBench) -> None:
    moved = FORMS[-1:] + FORMS[:-1]
    by_visit = [moved[4 * who + visit] for visit in range(4) for who in range(8)]
    assert asked(run_models, by_visit, order=[n % 8 for n in range(32)]) == []


#: Baseline, follow-up, post, week 4 of twelve participants, sorted by name: a baseline is most like the week 4 of the row above.
BY_NAME = [[int(x)] for x in "556664456545544543345445654553456446656654454554"]


def test_a_file_sorted_by_the_names_of_the_visits_is_not_asked_about(run_models: ModelBench) -> None:
    assert asked(run_models, BY_NAME, months=(1, 4, 3, 2)) == []


def test_the_same_ratings_in_order_of_time_are_asked_about(run_models: ModelBench) -> None:
    assert asked(run_models, BY_NAME) == [("down", 5)]


def test_participants_who_each_answer_the_same_every_time_can_be_judged(run_models: ModelBench) -> None:
    same = [[10 * level + who] * 4 for who, level in enumerate(LEVELS) for _ in range(4)]
    assert asked(run_models, same) == []


def test_participants_who_are_all_alike_do_not_tell(run_models: ModelBench) -> None:
    alike = [[2 - visit + (item == visit) for item in range(4)] for _ in LEVELS for visit in range(4)]
    assert asked(run_models, alike[-1:] + alike[:-1]) == []


def test_ratings_of_fear_are_looked_at_likewise(run_models: ModelBench) -> None:
    run_models.given("core.form", _FORM)
    rated = [(who, no, 25 * level + 10 - 4 * no) for who, level in enumerate(LEVELS) for no in (1, 2, 3, 4)]
    fear = [f for _, _, f in rated]
    rows = [
        f"0 | t01 | 01 | {n} | f | {n} | P{who} | {no} | {f} | {f + 5} | {f - 5}"
        for n, ((who, no, _), f) in enumerate(zip(rated, fear[-1:] + fear[:-1], strict=True), 1)
    ]
    run_models.given("intake.rating", _RATED + "\n".join(rows))
    run_models.run("core.row_shift")
    assert [key for name, _, key in run_models.judge("core.row_shift") if name == "rows_shifted_site"] == ["01|SUDS"]
