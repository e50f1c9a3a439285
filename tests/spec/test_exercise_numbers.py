"""core.session_exercise: what the numbers of a session's exercises tell, and what is left unknown when they do not."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

SUDS = ("suds_begin", "suds_peak", "suds_end", "outcome")


def rated(bench: ModelBench, *numbers: str) -> ModelBench:
    """Exercises of session 3 in the order they were done: 80 to 60, 70 to 50, 60 to 30; numbered as the site wrote."""
    done = [("80", "60"), ("70", "50"), ("60", "30")]
    rows = [f"S1 | 3 | {n} | {b} | {e}" for n, (b, e) in zip(numbers, done, strict=False)]
    rating = "subject_id | session_no | exercise_no | begin_suds | end_suds\n" + "\n".join(rows)
    return course(bench, rating=rating).run("core.session_suds")


@pytest.mark.parametrize(
    ("numbers", "suds", "asked_of_row"),
    [
        (("1", "2", "3"), (80.0, 80.0, 30.0, "GOOD"), None),
        (("1",), (80.0, 80.0, 60.0, "NEUTRAL"), None),
        # exercise 1 sent as 11: taken at its word, the session would have begun with 70 and ended with 60
        (("11", "2", "3"), (None, 80.0, None, "UNKNOWN"), "1"),
        # exercise 2 sent as 12: the first is known, the last is not
        (("1", "12", "3"), (80.0, 80.0, None, "UNKNOWN"), "2"),
        # a hole before the last: whether 3 was left out or is called 4, the last is the last
        (("1", "2", "4"), (80.0, 80.0, 30.0, "GOOD"), "3"),
        (("1", "3"), (80.0, 80.0, 50.0, "NEUTRAL"), "2"),
        (("2", "3"), (None, 80.0, None, "UNKNOWN"), "2"),
        (("2",), (None, 80.0, 60.0, "UNKNOWN"), "1"),
    ],
)
def test_numbers_that_do_not_tell_the_first_or_the_last_leave_it_unknown_and_are_asked_about(
    run_models: ModelBench, numbers: tuple[str, ...], suds: tuple[object, ...], asked_of_row: str | None
) -> None:
    rated(run_models, *numbers)
    assert run_models.rows("core.session_suds", *SUDS) == [suds]
    asked = [] if asked_of_row is None else [("exercise_numbers_odd", "exercise_no", asked_of_row)]
    assert run_models.judge("core.session_exercise") == asked


SESSIONS = """
    subject_id | session_no | attended | started_at          | ended_at
    S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
"""
#: Kept: three exercises of session 4, two of session 3. Row 6 is set aside: its session is none of the twelve.
RATED = """
    subject_id | session_no | exercise_no | begin_suds | end_suds
    S1         | 3          | 1           | 80         | 60
    S1         | 3          | 2           | 70         | 35
    S1         | 4          | 1           | 75         | 50
    S1         | 4          | 2           | 65         | 45
    S1         | 4          | 3           | 60         | 38
    S1         | {session}  | {exercise}  | 90         | 55
"""


@pytest.mark.parametrize(
    ("session", "exercise", "suds"),
    [
        # it may be the third exercise of session 3, and the worst and the last of it; session 4 has a third one
        ("33", "3", [(3, 80.0, None, None), (4, 75.0, 75.0, 38.0)]),
        ("  ", "3", [(3, 80.0, None, None), (4, 75.0, 75.0, 38.0)]),
        # both sessions have an exercise 2: it is another session's
        ("33", "2", [(3, 80.0, 80.0, 35.0), (4, 75.0, 75.0, 38.0)]),
        # of its own session it may be anything
        ("4 ", "  ", [(3, 80.0, 80.0, 35.0), (4, None, None, None)]),
        # but not the first where that is there and it has another number
        ("4 ", "4", [(3, 80.0, 80.0, 35.0), (4, 75.0, None, None)]),
    ],
)
def test_an_exercise_in_quarantine_leaves_unknown_what_it_may_have_been(
    run_models: ModelBench, session: str, exercise: str, suds: list[tuple[object, ...]]
) -> None:
    course(run_models, session=SESSIONS, rating=RATED.format(session=session, exercise=exercise)).run("staging.rating")
    run_models.con.execute("create or replace table intake.rating as select * from staging.rating where row_id <> 6")
    run_models.made.add("intake.rating")
    run_models.run("core.session_suds")
    assert run_models.rows("core.session_suds", "session_no", "suds_begin", "suds_peak", "suds_end") == suds
    assert run_models.judge("core.session_exercise") == []
