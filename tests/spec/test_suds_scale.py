"""core.site_suds, core.subject_suds: ratings that look like another scale than the declared one are asked about, never converted."""

from __future__ import annotations

import random

import pytest

from flows.engine import judge
from tests.harness import EVIDENCE, ModelBench

Course = list[list[tuple[int, int]]]


def asked(bench: ModelBench, rows: str, *tables: str) -> list[tuple[str, str]]:
    """(rule, record key) of what is asked, not only noted, of ratings given as `subject | session | exercise | begin | end | scale`."""
    bench.given("intake.rating", "subject_id | session_no | exercise_no | begin_suds | end_suds | scale\n" + rows)
    bench.run("core.subject_suds", "core.site_suds")
    told = [(rule, key) for table in ("core.site_suds", "core.subject_suds") for rule, _, key in bench.judge(table)]
    return [(rule, key) for rule, key in told if rule != "suds_exercise_low"]


OTHER = "S2 | 3 | 1 | 80 | 40 | 0-100"


@pytest.mark.parametrize(
    ("sheets", "mixed"),
    [
        # session, ratings begin-end; ...
        ("3: 80-40, 4: 7-4, 5: 70-30", True),
        ("3: 8-4, 4: 80-40", True),  # the first sheet
        ("3: 80-40, 4: 9-4, 5: 8-3, 6: 60-30", True),
        ("3: 35-20, 4: 7-3, 5: 35-10", True),  # five times as high
        ("3: 34-20, 4: 7-3, 5: 34-10", False),
        ("3: 30-20, 4: 6-3, 5: 25-10", True),
        ("3: 29-20, 4: 4-3, 5: 25-10", False),  # fear may have fallen so far
        ("3: 80-40, 4: 11-4, 5: 70-30", False),  # 11 is not on 0-10
        ("3: 80-40, 4: 10-5, 5: 70-30", False),  # fives and tens: rated on 0-100, and low
        ("3: 80-40, 4: 10-4, 5: 70-30", False),
        ("3: 80-40, 4: 0-0, 5: 70-30", False),
        ("3: 60-40, 4: 40-20, 5: 25-12, 6: 12-6, 7: 9-3", False),  # a good course
        ("3: 80-40, 4: -, 5: 70-30", False),
    ],
)
def test_a_session_far_below_the_one_beside_it_looks_like_another_scale(run_models: ModelBench, sheets: str, mixed: bool) -> None:
    rows = "\n".join(
        "S1 | {} | 1 | {} | {} | 0-100".format(*sheet.replace(":", "-").replace(" ", "").split("-", 2)) for sheet in sheets.split(", ")
    )
    assert (("suds_scale_mixed", "S1") in asked(run_models, f"{rows}\n{OTHER}")) is mixed


@pytest.mark.parametrize(
    ("sheets", "others", "mixed"),
    [
        ("3: 7-4, 4: 30-20", [60] * 7 + [80], True),  # the first exercises of eight others and this one: 60 in the middle
        ("4: 30-20, 5: 7-4", [60] * 8, False),  # no first session: fear may have fallen
        ("3: 7-4, 4: 30-20", [60] * 6, False),  # too few to know what is usual
        ("3: 7-4, 4: 30-20", [34] * 8, False),  # not five times as high
        ("3: 10-5, 4: 30-20", [60] * 8, False),  # fives and tens: rated on 0-100, and low
        ("3: 7-4, 4: 6-3, 5: 7-2", [60] * 8, True),  # six ratings, all so low
        ("3: 7-4, 4: 6-3, 5: 7-2, 6: 4-1", [60] * 8, False),  # eight: the participant is asked about as such
    ],
)
def test_a_first_session_far_below_the_sites_first_exercises_looks_like_another_scale(
    run_models: ModelBench, sheets: str, others: list[int], mixed: bool
) -> None:
    rows = [
        "S1 | {} | 1 | {} | {} | 0-100".format(*sheet.replace(":", "-").replace(" ", "").split("-", 2)) for sheet in sheets.split(", ")
    ]
    rows += [f"T{n} | 3 | 1 | {high} | 20 | 0-100\nT{n} | 4 | 1 | 20 | 10 | 0-100" for n, high in enumerate(others)]
    assert (("suds_scale_mixed", "S1") in asked(run_models, "\n".join(rows))) is mixed


@pytest.mark.parametrize("scale", ["0-100", "1-100", "0-10", "0-8"])
def test_a_site_whose_begin_and_end_are_exchanged_is_asked_on_every_scale(run_models: ModelBench, scale: str) -> None:
    rows = "\n".join(f"S{n} | 3 | 1 | 25 | 75 | {scale}" for n in range(20))
    assert ("suds_never_falls_site", "01") in asked(run_models, rows)


def test_the_sessions_that_stand_out_are_named(run_models: ModelBench) -> None:
    assert asked(run_models, f"S1 | 3 | 1 | 80 | 40 | 0-100\nS1 | 4 | 1 | 7 | 4 | 0-100\nS1 | 6 | 1 | 6 | 2 | 0-100\n{OTHER}") == [
        ("suds_scale_mixed", "S1")
    ]
    found = judge.judge_table(run_models.con, "core.subject_suds", EVIDENCE).findings
    assert found.get_column("suggestion").to_list() == ["on which scale was session 4, 6 rated?"]


@pytest.mark.parametrize(
    ("scale", "low", "found"),
    [
        ("1-100", "5.05 | 3.03", True),  # 6 and 4 as sent
        ("1-100", "9.09 | 4.04", False),  # 10 and 5 as sent
        ("0-10", "6 | 4", False),  # declared so: 0.6 and 0.4 of ten
    ],
)
def test_heaps_are_looked_for_on_the_scale_as_sent(run_models: ModelBench, scale: str, low: str, found: bool) -> None:
    rows = f"S1 | 3 | 1 | 79.8 | 39.4 | {scale}\nS1 | 4 | 1 | {low} | {scale}\n{OTHER}"
    assert (("suds_scale_mixed", "S1") in asked(run_models, rows)) is found


@pytest.mark.parametrize(("n", "found"), [(3, []), (4, [("suds_scale_suspect", "S1")])])
def test_a_subject_is_asked_about_from_eight_ratings(run_models: ModelBench, n: int, found: list[tuple[str, str]]) -> None:
    rows = "\n".join(f"S1 | {k} | 1 | 9 | 4 | 0-100" for k in range(1, n + 1))
    assert asked(run_models, f"{rows}\n{OTHER}") == found


@pytest.mark.parametrize(("highest", "n", "found"), [(10, 10, True), (10, 9, False), (11, 10, False)])
def test_a_site_is_asked_once_for_all_its_subjects(run_models: ModelBench, highest: int, n: int, found: bool) -> None:
    rows = "\n".join(f"S{k} | 3 | 1 | {highest} | 4 | 0-100" for k in range(n))
    assert asked(run_models, rows) == ([("suds_scale_suspect_site", "01")] if found else [])


def course(rng: random.Random) -> Course:
    """A believable course on 0-100: fear falls over sessions and exercises, is noisy, and is rated in fives."""
    fear, slope, sessions = rng.gauss(70, 14), rng.uniform(1, 7), []
    for number in range(10):
        exercises = []
        for again in range(rng.choice((1, 2, 2, 3))):
            begin = 5 * round(min(100, max(0, rng.gauss(fear - slope * number - 8 * again, 14))) / 5)
            exercises.append((begin, 5 * round(min(100, max(0, begin - rng.gauss(25, 15))) / 5)))
        sessions.append(exercises)
    return sessions


def lines(courses: list[Course]) -> str:
    return "\n".join(
        f"S{who} | {number} | {exercise} | {begin} | {end} | 0-100"
        for who, sessions in enumerate(courses)
        for number, exercises in enumerate(sessions, start=1)
        for exercise, (begin, end) in enumerate(exercises, start=1)
    )


def test_believable_courses_are_not_asked_about_and_sheets_on_another_scale_are(run_models: ModelBench) -> None:
    """False alarms: at most one of 150 participants. Found: at least 85 % of those who changed the scale half way."""
    rng = random.Random(20240305)
    clean = [course(rng) for _ in range(150)]
    assert len(asked(run_models, lines(clean))) <= 1
    changed = [[[(round(b / 10), round(e / 10)) for b, e in x] if n >= 5 else x for n, x in enumerate(sheets)] for sheets in clean]
    assert len({key for _, key in asked(ModelBench(), lines(changed))}) >= 0.85 * len(changed)
