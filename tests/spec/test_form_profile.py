"""Forms of a long instrument against the participant's other forms and the site's: turned round, or moved by an item."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest

from tests.harness import ModelBench

WORKED = "Sites"

#: Twenty situations, some feared more than others.
FEARED = [3, 3, 1, 2, 1, 0, 2, 2, 1, 1, 1, 0, 3, 0, 0, 0, 3, 3, 2, 0]
Answers = list[int]


def turned(answers: Answers) -> Answers:
    return [3 - a for a in answers]


def first_turned(answers: Answers) -> Answers:
    return turned(answers[:20]) + answers[20:]


def second_turned(answers: Answers) -> Answers:
    return answers[:20] + turned(answers[20:])


def moved(answers: Answers) -> Answers:
    return answers[-1:] + answers[:-1]


def asked(
    bench: ModelBench,
    change: dict[str, Callable[[Answers], Answers]],
    people: int = 8,
    halves: int = 2,
    mixed: bool = False,
    without: str = "",
    visits: int = 2,
) -> list[tuple[str, str]]:
    """What is asked of a site whose participants P1, P2, ... have so many forms each, P1v1, P1v2, ...; `mixed`: each form has its answers
    in an order of its own.

    Each form differs from the others in two answers.
    """
    rows = []
    for n in range(visits * people):
        answers = (random.Random(n).sample(FEARED, 20) if mixed else FEARED) * halves
        for place in (3 * n % 20, 7 * n % 20):
            answers[place] = (answers[place] + 1) % 4
        key = f"P{n // visits + 1}v{n % visits + 1}"
        answers = change.get(key, change.get(key[: key.index("v")], change.get("all", lambda a: a)))(answers)
        size, day = len(answers), dt.date(2024, 1, 1) + dt.timedelta(n)
        row = f"0 | t01 | 01 | P{n // visits + 1} | {n} | Q{size} | {day} | {answers} | {size} | {size} | 0 | 3 | {key} | f | {n}"
        rows += [row] if key != without else []
    bench.given(
        "core.form", "unit::INT | study | site | subject_id | form_id::BIGINT | instrument | assessed_on::DATE | item_values::DOUBLE[] | "
        "n_items::INT | n_answered::INT | lowest_answer::DOUBLE | highest_answer::DOUBLE | record_key | source_file | source_row::BIGINT\n"
        + "\n".join(rows),
    )  # fmt: skip
    bench.run("core.site_profile", "core.form_profile")
    return [(rule, key) for table in ("core.form_profile", "core.site_profile") for rule, _, key in bench.judge(table)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"P3v2": turned}, ["P3v2"]),
        ({"P3v1": first_turned}, ["P3v1"]),
        ({"P3v1": second_turned}, ["P3v1"]),
        ({"P3": turned}, ["P3v1", "P3v2"]),  # both against the site's
    ],
)
def test_a_form_that_runs_against_the_others_is_asked_about(
    run_models: ModelBench, change: dict[str, Callable[[Answers], Answers]], found: list[str]
) -> None:
    assert asked(run_models, change) == [("answers_turned", key) for key in found]


def test_an_only_form_is_asked_about_where_one_half_runs_against_the_other(run_models: ModelBench) -> None:
    assert asked(run_models, {"P3v1": first_turned}, without="P3v2") == [("answers_turned", "P3v1")]


def test_a_short_instrument_of_one_half_is_looked_at_as_a_whole(run_models: ModelBench) -> None:
    assert asked(run_models, {"P3v2": turned}, halves=1) == [("answers_turned", "P3v2")]


def test_a_form_whose_answers_are_moved_by_an_item_is_asked_about(run_models: ModelBench) -> None:
    assert ("answers_moved", "P3v2") in asked(run_models, {"P3v2": moved})


def test_eight_participants_are_enough_however_often_each_came(run_models: ModelBench) -> None:
    assert asked(run_models, {"P3v9": turned}, visits=20) == [("answers_turned", "P3v9")]


def test_of_few_participants_nothing_is_said(run_models: ModelBench) -> None:
    assert asked(run_models, {"P3v2": turned}, people=7) == []


def test_where_forms_have_nothing_in_common_nothing_is_said(run_models: ModelBench) -> None:
    assert asked(run_models, {"P3v2": turned}, mixed=True) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({f"P{n}": turned for n in (2, 4, 6, 8)}, True),  # half of the forms against the other half
        ({"P2": turned}, False),
        ({"all": second_turned}, True),  # avoidance where there is no fear
    ],
)
def test_a_site_whose_forms_run_against_each_other_is_asked_about(
    run_models: ModelBench, change: dict[str, Callable[[Answers], Answers]], found: bool
) -> None:
    assert (("answers_turned_site", "Q40") in asked(run_models, change)) == found
