"""What rests on a record that may be a dose, or on a rating or session in quarantine, is unknown and never a plain number."""

from __future__ import annotations

import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench
from tests.spec.course import course
from tests.spec.test_deviation import no_forms
from tests.spec.test_dose_sets import primary

SESSIONS = """
    subject_id | session_no | attended | started_at          | ended_at
    S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
    S1         | 4          | true     | 2024-03-12 14:00:00 | 2024-03-12 15:30:00
    S1         | 5          | true     | 2024-03-19 14:00:00 | 2024-03-19 15:30:00
"""
HEAD = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | row_hash\n"
THREE = """
    S1 | 3 | PRE | true | 50 | 2024-03-05 13:00:00 | 1
    S1 | 4 | PRE | true | 50 | 2024-03-12 13:00:00 | 2
    S1 | 5 | PRE | true | 50 | 2024-03-19 13:00:00 | 3
"""


def night(bench: ModelBench, *wanted: str, dose: str = "", rating: str = "", session: str = SESSIONS) -> ModelBench:
    """Judge and split as a night does, so that quarantine is real."""
    no_forms(bench)
    course(bench, session=session, dose=HEAD + dose, rating=rating)
    for table in ("subject", "disposition", "session", "dose", "rating"):
        bench.run(f"staging.{table}")
        judge.split(bench.con, table, judge.judge_table(bench.con, table, EVIDENCE).findings)
        bench.made.add(f"intake.{table}")
    return bench.run(*wanted)


@pytest.mark.parametrize(
    ("more", "numbers"),
    [
        ("S1 | 3 | PRE  | false | 50 |                     | 4", [(3, 1, None, "N"), (4, 2, 7, "N"), (5, 3, 7, "N")]),
        # was it taken at session 4? the third dose may be the fourth, and its interval is not known
        ("S1 | 4 | POST |       | 50 | 2024-03-12 15:40:00 | 4", [(3, 1, None, "N"), (4, 2, 7, "N"), (5, None, None, None)]),
        ("S1 | 4 | PRE  |       | 50 | 2024-03-12 12:50:00 | 4", [(3, 1, None, "N"), (4, None, None, None), (5, None, None, None)]),
        ("S1 | 5 | POST |       | 50 |                     | 4", [(3, 1, None, "N"), (4, 2, 7, "N"), (5, 3, 7, "N")]),
        ("S1 | 2 | PRE  |       | 50 |                     | 4", [(3, None, None, None), (4, None, 7, "N"), (5, None, 7, "N")]),
        # no session, no day: anywhere
        ("S1 |   | PRE  |       | 50 |                     | 4", [(3, None, None, None), (4, None, None, None), (5, None, None, None)]),
        ("S1 |   | PRE  |       | 50 | 2024-03-13          | 4", [(3, 1, None, "N"), (4, 2, 7, "N"), (5, None, None, None)]),
        # in quarantine: two rows of one capsule that disagree
        (
            "S1 | 2 | PRE | true | 50 | 2024-02-27 13:00:00 | 4\n S1 | 2 | PRE | true | 500 | 2024-02-27 13:00:00 | 5",
            [(3, None, None, None), (4, None, 7, "N"), (5, None, 7, "N")],
        ),
        # in quarantine for its session number, which tells nothing; its day does
        ("S1 | 99 | PRE | true | 50 | 2024-03-13 13:00:00 | 4", [(3, 1, None, "N"), (4, 2, 7, "N"), (5, None, None, None)]),
    ],
)
def test_an_ordinal_is_shown_where_no_other_record_could_change_it(
    run_models: ModelBench, more: str, numbers: list[tuple[int, int | None, int | None, str | None]]
) -> None:
    night(run_models, "analysis.adex", dose=f"{THREE}\n{more}")
    shown = run_models.con.execute(
        "select SESSNO, DOSENUM, DOSEINT, CHRONFL from analysis.adex where SRCROW <= 3 order by SESSNO"
    ).fetchall()
    assert shown == numbers


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ("", (3, 3, "N", 150.0, 3, 3, 0, 0, 0)),
        ("S1 | 5 | POST | | 50 | | 4", (None, None, "N", None, None, None, None, None, None)),
        ("S1 | 99 | POST | true | 50 | 2024-03-19 15:40:00 | 4", (None, None, "N", None, None, None, None, None, None)),
        ("S1 | 99 | POST | false | | | 4", (3, 3, "N", 150.0, 3, 3, 0, 0, 0)),
    ],
)
def test_doses_are_counted_only_when_all_are_known(
    run_models: ModelBench, more: str, counts: tuple[object, ...]
) -> None:
    night(run_models, "analysis.adsl", dose=f"{THREE.replace('13:00:00', '12:59:00')}\n{more}")
    wanted = ("NDOSE", "NDOSECAP", "DOSE9FL", "CUMDOSE", "NWIN12", "NGT60", "NGE4H", "NPOSTIM", "NTIMUNK")
    assert run_models.rows("analysis.adsl", *wanted) == [counts]


def test_ten_doses_are_more_than_nine_whatever_else_may_have_been_one(run_models: ModelBench) -> None:
    rows = "\n".join(f"S1 | {n} | PRE | true | 50 | 2024-03-{n + 4:02d} 13:00:00 | {n}" for n in range(1, 11))
    night(run_models, "analysis.adsl", dose=f"{rows}\nS1 | 11 | PRE | | 50 | | 99", session="subject_id | session_no\nS1 | 1")
    assert run_models.rows("analysis.adsl", "NDOSE", "NDOSECAP", "DOSE9FL") == [(None, 9, "Y")]


RATED = """
    subject_id | session_no | exercise_no | begin_suds | end_suds | end_suds_raw | end_suds_fault | row_hash
    S1         | 3          | 1           | 80         | 30       | 30           |                | 1
    S1         | 4          | 1           | 50         | 60       | 60           |                | 2
"""


@pytest.mark.parametrize(
    ("more", "session", "counts"),
    [
        ("", (0, None), (1, 1)),
        ("S1 | 5 | 1 | 80 | 30 | 30 | | 3", (1, "GOOD"), (2, 1)),
        # blank is blank: this session has no outcome
        ("S1 | 5 | 1 | 80 | | | | 3", (1, "UNKNOWN"), (1, 1)),
        # withheld: it may have been a success
        ("S1 | 5 | 1 | 80 | | 333 | out_of_scale | 3", (1, "UNKNOWN"), (None, None)),
        # the last exercise lies in quarantine, and then all of them
        (
            "S1 | 5 | 1 | 80 | 60 | 60 | | 3\nS1 | 5 | 2 | 60 | 30 | 30 | | 4\nS1 | 5 | 2 | 60 | 50 | 50 | | 5",
            (None, "UNKNOWN"),
            (None, None),
        ),
        ("S1 | 5 | 1 | 80 | 60 | 60 | | 3\nS1 | 5 | 1 | 80 | 30 | 30 | | 4", (None, "UNKNOWN"), (None, None)),
    ],
)
def test_successes_are_counted_only_when_no_outcome_is_in_doubt(
    run_models: ModelBench, more: str, session: tuple[int | None, str | None], counts: tuple[int | None, int | None]
) -> None:
    primary(run_models)
    night(run_models, "analysis.adsl", "analysis.adsess", rating=f"{RATED.strip()}\n{more}")
    assert run_models.rows("analysis.adsess", "SESSNO", "NEXER", "SESSRES")[2] == (5, session[0], session[1] or "UNKNOWN")
    assert run_models.rows("analysis.adsl", "NGOOD", "NBAD") == [counts]


@pytest.mark.parametrize(
    ("more", "n_sessions"),
    [
        ("S1 | 6 | false | |", 3),
        ("S1 | 6 | true | 2024-03-26 14:00:00 |", 4),
        ("S1 | 6 | | 2024-03-26 14:00:00 |", None),
        ("S1 | 6 | true | 2024-03-26 14:00:00 |\nS1 | 6 | true | 2024-03-27 14:00:00 |", None),
        ("S1 | 99 | true | 2024-03-26 14:00:00 |", None),
        # all twelve of the protocol are there: it is none of them
        ("\n".join(f"S1 | {n} | false | |" for n in (1, 2, 6, 7, 8, 9, 10, 11, 12)) + "\nS1 | 99 | true | 2024-06-26 14:00:00 |", 3),
    ],
)
def test_sessions_are_counted_only_when_all_are_known(run_models: ModelBench, more: str, n_sessions: int | None) -> None:
    night(run_models, "analysis.adsl", session=f"{SESSIONS.strip()}\n{more}")
    assert run_models.rows("analysis.adsl", "NSESS") == [(n_sessions,)]


@pytest.mark.parametrize(("n", "flag"), [(8, "N"), (9, None)])
def test_more_than_nine_doses_is_open_only_where_the_records_in_doubt_could_make_ten(
    run_models: ModelBench, n: int, flag: str | None
) -> None:
    rows = "\n".join(f"S1 | {k} | PRE | true | 50 | 2024-03-{k + 4:02d} 13:00:00 | {k}" for k in range(1, n + 1))
    night(run_models, "analysis.adsl", dose=f"{rows}\nS1 | 11 | PRE | | 50 | | 99", session="subject_id | session_no\nS1 | 1")
    assert run_models.rows("analysis.adsl", "NDOSE", "DOSE9FL") == [(None, flag)]
