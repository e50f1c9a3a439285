"""Sites whose forms are of their session's day, and from one row or day on lie beside it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.harness import ModelBench

WORKED = "Sites"

SESSIONS = (
    "unit::INT | study | site | subject_id | session_no::INT | attended::BOOLEAN | started_on::DATE | source_file | source_row::BIGINT"
)
FORMS = "unit::INT | study | site | subject_id | form_id::BIGINT | assessed_on::DATE | source_file | source_row::BIGINT"


def asked(bench: ModelBench, rule: str, offs: list[int], *, by_day: bool = False) -> list[str]:
    """A form and its session in the order of the file of sessions, four of each participant; the form lies so many days beside it.
    `by_day`: the sessions of all are in the order of their days, their rows are not."""
    sessions, forms = [SESSIONS], [FORMS]
    for n, off in enumerate(offs):
        who, visit = (n % 6, n // 6) if by_day else (n // 4, n % 4)
        on = dt.date(2024, 1, 8) + dt.timedelta(days=28 * visit + who % 5)
        sessions.append(f"0 | t01 | 01 | S{who} | {visit + 1} | true | {on} | s.csv | {8 * who + visit}")
        forms.append(f"0 | t01 | 01 | S{who} | {n + 1} | {on + dt.timedelta(days=off)} | f.csv | {50 * who + 3 * visit % 4}")
    bench.given("core.session", "\n".join(sessions))
    bench.given("core.form", "\n".join(forms))
    bench.run("core.form_step")
    return [key for name, _, key in bench.judge("core.form_step") if name == rule]


@pytest.mark.parametrize(
    ("offs", "found"),
    [
        ([0] * 20 + [-1] * 12, ["01"]),  # sessions and doses a day late from a row on: forms lie a day before
        ([0] * 20 + [3] * 12, ["01"]),
        ([0] * 20 + [4] * 12, []),  # of no session
        ([0] * 20 + [-1] * 7, []),  # too few
        ([0] * 24 + [-1] * 8, []),  # of two participants
        ([0] * 23 + [-1] * 9, ["01"]),
        ([0] * 16 + [-1] * 16, []),  # too few before
        ([0] * 18 + [1, 2] + [0] + [-1] * 12, ["01"]),  # 19 of 21 before
        ([0] * 17 + [1, 2, 1] + [0] + [-1] * 12, []),  # 18 of 21
        ([0] * 20 + [-1] * 11 + [-2], []),  # not alike
        ([0] * 20 + [-1] * 11 + [0], []),
        ([0] * 32, []),
        ([-1] * 32, []),  # always the day before
    ],
)
def test_a_site_whose_forms_leave_the_days_of_their_sessions_from_one_row_on_is_asked(
    run_models: ModelBench, offs: list[int | None], found: list[str]
) -> None:
    assert asked(run_models, "form_days_step_site", offs) == found


@pytest.mark.parametrize(("n", "found"), [(12, ["01"]), (6, [])])
def test_a_site_whose_forms_leave_the_days_of_their_sessions_from_one_day_on_is_asked(
    run_models: ModelBench, n: int, found: list[str]
) -> None:
    assert asked(run_models, "form_days_step_site", [0] * 24 + [1] * n, by_day=True) == found
