"""What only stands out beside its like: a visit's other forms, the other half of a form, doses not taken, the site's sessions."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench
from tests.spec.course import course

VISITS = [{"name": "W4", "order": 1, "target_day": 29, "from_day": 15, "to_day": 43}]


def asked(bench: ModelBench, table: str, rule: str) -> list[str]:
    return sorted(key for name, _, key in bench.judge(table) if name == rule)


@pytest.mark.parametrize(
    ("days", "n", "found"),
    [
        (("29", "22"), 20, ["S1 a", "S1 b"]),  # of two nobody knows which
        (("29", "26"), 20, ["S1 a", "S1 b"]),
        (("29", "27"), 20, []),  # taken home
        (("29", "22"), 19, []),  # too few visits to know the site
        (("29", "22", "29"), 20, ["S1 b"]),
        (("29", "14", "29"), 20, []),  # outside the window, which is asked as such
        (("29", ""), 20, []),
    ],
)
def test_a_form_dated_apart_from_the_other_forms_of_its_visit_is_asked_about(
    run_models: ModelBench, days: tuple[str, ...], n: int, found: list[str]
) -> None:
    told = [("S1", letter, instrument, day) for letter, instrument, day in zip("abc", ("SPD-S", "CGI-S", "PDSS"), days, strict=False)]
    told += [(f"S{k}", letter, instrument, "29") for k in range(2, n + 1) for letter, instrument in (("a", "SPD-S"), ("b", "CGI-S"))]
    _forms(run_models, told)
    assert asked(run_models, "core.form_check", "assessment_day_apart") == found


@pytest.mark.parametrize(("n", "found"), [(100, 4), (99, 0)])
def test_forms_of_a_visit_may_lie_apart_where_more_than_one_of_fifty_does(run_models: ModelBench, n: int, found: int) -> None:
    told = [(f"S{k}", letter, instrument, "22" if k <= 2 and letter == "b" else "29") for k in range(1, n + 1)
            for letter, instrument in (("a", "SPD-S"), ("b", "CGI-S"))]  # fmt: skip
    _forms(run_models, told)
    assert len(asked(run_models, "core.form_check", "assessment_day_apart")) == found


def _forms(bench: ModelBench, told: list[tuple[str, str, str, str]]) -> None:
    """Forms `subject, key, instrument, day of January` of visit W4; randomized on the first."""
    bench.trial(instruments=["SPD-S", "CGI-S", "PDSS"], primary="SPDS", visits=VISITS)
    people = "\n".join(f"{who} | 2024-01-01" for who in sorted({who for who, *_ in told}))
    bench.given("intake.subject", f"subject_id | randomized_on\n{people}")
    bench.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    rows = [
        f"{who} | {instrument} | W4 | W4 | {day and '2024-01-' + day} | {day and '2024-01-' + day} | {who} {letter} | "
        + ("[1,1,1,1,1,1,1]" if instrument == "PDSS" else "[4]")
        for who, letter, instrument, day in told
    ]
    bench.given(
        "intake.form", "subject_id | instrument | visit | visit_key | assessed_on | date_key | record_key | item_values\n" + "\n".join(rows)
    )
    bench.run("core.form_check")


@pytest.mark.parametrize(
    ("untaken", "found"),
    [
        (["50"], ["d1"]),  # nothing is known of its session
        (["50", ""], ["d1"]),
        (["50", "50"], []),  # the site writes what was planned
        (["50", "50", ""], []),
        (["50", "50", "", ""], ["d1", "d2"]),
        (["0", ""], []),
        ([""], []),
    ],
)
def test_an_amount_of_a_dose_not_taken_is_asked_about_where_others_have_none(
    run_models: ModelBench, untaken: list[str], found: list[str]
) -> None:
    rows = [f"S1 | {n} | PRE | false | {mg} | | d{n}" for n, mg in enumerate(untaken, 1)]
    rows.append("S1 | 9 | PRE | true | 50 | 2024-03-09 13:00:00 | d9")
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\n" + "\n".join(rows)
    course(run_models, dose=dose).run("core.dose_amount")
    assert asked(run_models, "core.dose_amount", "dose_not_taken_with_amount") == found


@pytest.mark.parametrize(("attended", "found"), [("true", ["d3"]), ("false", [])])
def test_of_a_session_not_held_the_amount_is_no_sign(run_models: ModelBench, attended: str, found: list[str]) -> None:
    session = f"subject_id | session_no | attended | started_at\nS1 | 3 | {attended} | 2024-03-05 14:00:00"
    dose = "subject_id | session_no | time_point | taken | dose_mg | dosed_at | record_key\nS1 | 3 | PRE | false | 50 | | d3"
    course(run_models, session=session, dose=dose).run("core.dose_amount")
    assert asked(run_models, "core.dose_amount", "dose_not_taken_with_amount") == found


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("\u00c3\u0153belkeit", True),
        ("naus\u00c3\u00a9e", True),
        ("\u221a\u00babelkeit", True),
        ("\u00fcbel\ufffd", True),
        ("Schwei?ausbruch", True),
        ("headache \u00e2\u20ac\u201c mild", True),
        ("\u00dcbelkeit", False),
        ("\u00c3o frio", False),
        ("\u00c5ngest", False),
        ("headache? unclear", False),
        ("37 \u00b0C", False),
        ("", False),
    ],
)
def test_text_in_the_wrong_encoding_is_noted(run_models: ModelBench, *, term: str, found: bool) -> None:
    run_models.given("intake.subject", "subject_id\nS1")
    run_models.given("mapped.adverse_event", f"subject_id | verbatim | record_key\nS1 | {term} | e1")
    run_models.run("staging.adverse_event")
    assert asked(run_models, "adverse_event", "text_garbled") == ["e1"] * found


@pytest.mark.parametrize(
    ("answers", "pomp", "found"),
    [
        ([0] * 24 + [1, 2] * 12, 25, ["v1"]),
        ([1, 2] * 12 + [0] * 24, 12.5, ["v1"]),
        ([1, 2] * 12 + [0] * 24, 12.4, []),  # hardly any fear left
        (([1, 2] * 6 + [0] * 12) * 2, 25, ["v1"]),  # the second page of fear and of avoidance
        (([0] * 12 + [1, 2] * 6) * 2, 25, ["v1"]),
        ([0] * 12 + [1, 2] * 12 + [0] * 12, 25, []),  # no page
        ([0] * 23 + [1] + [1, 2] * 12, 25, []),
        ([0] * 5 + [1, 2] * 2 + [1], 25, []),  # a short form's half may well be none
        ([0] * 10 + [1, 2] * 5, 25, ["v1"]),
    ],
)
def test_half_a_form_of_zeros_is_asked_about(run_models: ModelBench, answers: list[int], pomp: float, found: list[str]) -> None:
    run_models.given(
        "core.primary", "study | site | subject_id | form_id::BIGINT | pomp::DOUBLE | visit_order::INTEGER | is_baseline::BOOLEAN | "
        f"is_used::BOOLEAN\nt01 | 01 | S1 | 1 | {pomp} | 1 | false | true",
    )  # fmt: skip
    run_models.given(
        "core.form", "unit::INTEGER | form_id::BIGINT | item_values::DOUBLE[] | n_answered::INTEGER | n_items::INTEGER | record_key | "
        "source_file | source_row::BIGINT | lowest_answer::DOUBLE | highest_answer::DOUBLE\n"
        f"0 | 1 | {answers} | {len(answers)} | {len(answers)} | v1 | f | 1 | {min(answers)} | {max(answers)}",
    )  # fmt: skip
    run_models.run("core.score_jump")
    assert asked(run_models, "core.score_jump", "answers_half_zero") == found


@pytest.mark.parametrize(
    ("begin", "end", "n_others", "found"),
    [
        (30, 60, 49, ["S1"]),  # fear falls by 30 in the site's sessions, give or take 7.4: 56 below that is a rise
        (56, 60, 49, ["S1"]),  # 30 - 3.5 * 7.413 is 4.05: a rise of 4
        (58, 60, 49, ["S1"]),
        (60, 60, 49, []),
        (30, 60, 48, []),  # too few sessions to know the site
    ],
)
def test_a_session_that_rises_as_others_fall_is_asked_about(
    run_models: ModelBench, begin: int, end: int, n_others: int, found: list[str]
) -> None:
    rows = [f"S1 | 3 | 1 | {begin} | 80 | {end} | 0-100"] + [f"S1 | {n} | 1 | 70 | 80 | 40 | 0-100" for n in range(4, 7)]
    rows += [f"S2 | {n} | 1 | 70 | 80 | {(30, 35, 40, 45, 50)[n % 5]} | 0-100" for n in range(1, n_others - 2)]
    run_models.given(
        "intake.rating", "subject_id | session_no | exercise_no | begin_suds | peak_suds | end_suds | scale | record_key\n"
        + "\n".join(f"{row} | r{n}" for n, row in enumerate(rows, 1)),
    )  # fmt: skip
    run_models.run("core.subject_rating")
    assert asked(run_models, "core.subject_rating", "suds_rises_session") == found


@pytest.mark.parametrize(
    ("short", "n", "odd", "found"),
    [
        (1, 50, 0, ["1/2"]),
        (1, 49, 0, []),  # too few sessions to know the site
        (1, 50, 2, []),  # where the number varies a lost one is no sign: 94 % have three
        (2, 100, 0, ["1/2", "2/2"]),
        (2, 99, 0, []),  # sessions are cut short here
    ],
)
def test_a_session_with_fewer_exercises_than_nearly_all_is_asked_about(
    run_models: ModelBench, short: int, n: int, odd: int, found: list[str]
) -> None:
    count = [2 if k < short else 4 if k < short + odd else 3 for k in range(n)]
    rows = "\n".join(f"S1 | {k} | {x} | {k}/{x}" for k, m in enumerate(count, 1) for x in range(1, m + 1))
    text = f"subject_id | session_no | exercise_no | record_key\n{rows}"
    run_models.given("staging.rating", text, n_sessions=1000)
    run_models.given("intake.rating", text)
    run_models.run("core.session_exercise")
    assert asked(run_models, "core.session_exercise", "exercise_missing") == found
