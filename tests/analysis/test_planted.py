"""Planted effects are found again within their intervals. ANALYSIS=all tries many seeds and counts how often (make analysis-truth)."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("statsmodels", reason="the extra [analysis] is not installed")

from flows.analysis import fitting, pooling
from flows.analysis.fitting import QUESTIONS, Effect, Question
from tests.analysis.invented import PLANTED, release

EVERYTHING = os.environ.get("ANALYSIS") == "all"
TRIALS = ("t01", "t02")


def found(question: Question, seed: int, effect: float | None = None, people: int = 60) -> list[Effect]:
    """The effect in each of two trials, and over both."""
    rows = release(question, PLANTED[question.name] if effect is None else effect, people, len(TRIALS), seed)
    frames = {"visits": rows.visits, "after": rows.visits[rows.visits.is_after.astype(bool)], "sessions": rows.sessions}
    frame = frames[question.rows]
    each = [fitting.ask(question, study, frame[frame["STUDYID"] == study]) for study in TRIALS]
    return [*each, *pooling.pooled(each)]


def covers(effect: Effect, truth: float, errors: float = fitting.Z) -> bool:
    assert effect.estimate is not None and effect.error is not None, effect.note
    return abs(effect.estimate - truth) <= errors * effect.error


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
def test_a_planted_effect_is_found_within_its_interval_and_told_from_none(question: Question):
    seeds, truth = (1, 2), PLANTED[question.name]
    each = [effect for seed in seeds for effect in found(question, seed)]
    assert all(covers(effect, truth, 3.3) for effect in each)  # one of a thousand lies farther off
    pooled = [effect for effect in each if effect.study == pooling.POOLED]
    assert len(pooled) == len(seeds) and all((effect.p or 0) < 0.05 for effect in pooled)
    if question.name != "fear_fall":  # each assessment is given the one before: nothing of the participant is left
        assert all(effect.note == "" for effect in each if effect.study != pooling.POOLED)


@pytest.mark.skipif(not EVERYTHING, reason="many seeds: make analysis-truth")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
@pytest.mark.parametrize("is_null", [False, True], ids=["planted", "none"])
def test_intervals_hold_the_truth_as_often_as_they_say(question: Question, is_null: bool):
    truth, seeds = (0.0 if is_null else PLANTED[question.name]), range(100, 140)
    each = [effect for seed in seeds for effect in found(question, seed, truth) if effect.study != pooling.POOLED]
    share = sum(covers(effect, truth) for effect in each) / len(each)
    print(f"{question.name} {truth:g}: {share:.3f} of {len(each)} intervals hold the truth")
    assert 0.88 <= share <= 0.995


def test_sessions_before_the_same_assessment_count_once():
    question = next(q for q in QUESTIONS if q.name == "fear_fall")
    rows = release(question, 0.0, 10, 1, 1).sessions
    assert len(rows) == 60 and rows.duplicated(["USUBJID", "outcome", "before"]).sum() == 0
    assert rows.before.between(0, 100).all()


def test_a_pooled_effect_is_that_of_dersimonian_and_laird():
    question = QUESTIONS[0]
    # weights 1, 1: fixed mean 2, Q = 2, tau^2 = (2 - 1) / (2 - 2 / 2) = 1; then weights 1/2: mean 2, error 1
    two = [Effect("t01", question, 10, 10, 1.0, 1.0), Effect("t02", question, 10, 10, 3.0, 1.0)]
    (one,) = pooling.pooled(two)
    assert (one.estimate, one.error, one.tau) == (2.0, 1.0, 1.0)
    # t03 cannot be estimated and is left out; alone a trial is not pooled
    assert pooling.pooled([two[0], Effect("t03", question, 1, 1, note="few")]) == []


def test_what_cannot_be_estimated_says_why():
    question = next(q for q in QUESTIONS if q.name == "dose_count")
    rows = release(question, 0.0, 20, 1, 1).visits
    few = rows[rows.USUBJID.isin(sorted(rows.USUBJID.unique())[:8])]
    assert "fewer than 5" in fitting.ask(question, "t01", few).note
    assert "same for everybody" in fitting.ask(question, "t01", rows.assign(doses=4)).note
