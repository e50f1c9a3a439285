"""Replaying past nights: what was known then, which configuration, and that a night that stands costs nothing."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from flows.engine import night as nights
from flows.engine import replay, session, settling
from flows.engine import roster as rosters
from flows.engine.assemble import Outcome, publish
from flows.engine.config_then import end_of
from flows.engine.replay import Replay
from schemas.findings import ConfigurationError
from tests.nights import Nights
from tests.nights import two_sites as two_sites

DAY = dt.date(2026, 3, 1)


def again(given: Nights, day: dt.date, kept_on: dt.date | None = None, only: str = "") -> Outcome:
    """One night of a backfill, without Prefect."""
    with session.opened(given.config, given.data, frozenset([only] if only else []), end_of(day), None, kept_on) as run:
        roster = settling.enter(run.night, {})
        while roster.work_left:
            roster = settling.settle(roster, [r for b in nights.batches(roster.pending.values()) for r in nights.work(run.night, b)])
        ended = publish(roster, rosters.pool(roster))
        run.finish(ended, roster)
    return ended


def both_land(given: Nights, day: str = "2026-03-01") -> None:
    given.land("01", "S1 50\nS2 50\n", day)
    given.land("02", "S1 50\n", day)


def rename_trial(given: Nights, title: str) -> None:
    file = given.config / "trials" / "t01.yaml"
    lines = [f"title: {title}" if line.startswith("title:") else line for line in file.read_text().splitlines()]
    file.write_text("\n".join(lines) + "\n")


def looks(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """The nights that had to be looked at."""
    seen: list[dt.datetime] = []
    real = replay.enter

    def counted(night, troubles):
        seen.append(night.as_of)
        return real(night, troubles)

    monkeypatch.setattr(replay, "enter", counted)
    return seen


@pytest.mark.parametrize(("bound", "asked", "on"), [(18, None, 1), (17, None, 2), (17, 1, 1), (18, 2, 2)])
def test_a_batch_worked_alone_computes_on_a_second_thread_only_where_its_files_are_worth_one(
    two_sites: Nights, monkeypatch, bound: int, asked: int | None, on: int
):
    both_land(two_sites)  # 18 bytes
    threads: list[int] = []
    monkeypatch.setattr(nights, "WORTH_THREADS", bound)
    monkeypatch.setattr(nights.batch, "work", lambda programme, data, inputs, n: threads.append(n) or [])
    with session.opened(two_sites.config, two_sites.data, frozenset(), end_of(DAY)) as run:
        (attempts,) = nights.batches(settling.enter(run.night, {}).pending.values())
        nights.work(run.night, attempts, asked)

    assert threads == [on]


def test_thirty_nights_with_two_deliveries_are_looked_at_twice_and_then_never_again(two_sites: Nights, monkeypatch):
    both_land(two_sites)
    two_sites.land("01", "S1 50\nS2 50\nS3 50\n", "2026-03-11")
    for day in (DAY, dt.date(2026, 3, 11)):
        again(two_sites, day)
    seen = looks(monkeypatch)
    asked = replay.nights(DAY, dt.date(2026, 3, 30))

    assert all(Replay(two_sites.config, two_sites.data, frozenset()).stands(n) for n in asked)
    assert len(seen) == 2
    assert all(Replay(two_sites.config, two_sites.data, frozenset()).stands(n) for n in asked)
    assert len(seen) == 2


@pytest.mark.parametrize("change", ["a delivery", "the mapping", "a decision", "an answer", "the note is damaged"])
def test_what_a_night_depends_on_makes_it_be_looked_at_again(two_sites: Nights, monkeypatch, change: str):
    both_land(two_sites)
    again(two_sites, DAY)
    assert Replay(two_sites.config, two_sites.data, frozenset()).stands(end_of(DAY))
    seen = looks(monkeypatch)

    if change == "a delivery":
        two_sites.land("01", "S1 51\nS2 50\n", "2026-03-01")
    elif change == "the mapping":
        rename_trial(two_sites, "Another title")
    elif change == "a decision":
        from flows.engine import decisions, landed

        sha256 = landed.deliveries(two_sites.data, "t01", "01")[-1].sha256
        decisions.put_aside(two_sites.data, "t01/01", sha256[:12], "me", "a wrong file")
    elif change == "an answer":
        told = {"finding_id": "f", "study": "t01", "site": "01", "answer": "corrected", "who": "w", "on": "2026-03-01", "reason": ""}
        (two_sites.data / "answers.jsonl").write_text(json.dumps({**told, "value": "v"}) + "\n")
    else:
        (two_sites.data / replay.NAME).write_text("{")

    Replay(two_sites.config, two_sites.data, frozenset()).stands(end_of(DAY))
    assert seen == [end_of(DAY)]


def test_a_delivery_of_a_later_day_changes_no_night_before_it(two_sites: Nights, monkeypatch):
    both_land(two_sites)
    again(two_sites, DAY)
    Replay(two_sites.config, two_sites.data, frozenset()).stands(end_of(DAY))
    seen = looks(monkeypatch)

    two_sites.land("01", "S1 51\n", "2026-03-02")

    assert Replay(two_sites.config, two_sites.data, frozenset()).stands(end_of(DAY))
    assert seen == []


def test_a_night_with_the_configuration_kept_on_a_day_is_the_release_of_that_day(two_sites: Nights):
    both_land(two_sites)
    first = again(two_sites, DAY)
    rename_trial(two_sites, "Another title")
    second = again(two_sites, DAY)

    third = again(two_sites, dt.date(2026, 3, 2), kept_on=DAY)

    snapshots = [o.release.manifest["config_snapshot"] for o in (first, second, third)]
    assert snapshots[0] != snapshots[1] == snapshots[2], "the release that stood at the end of 1 March is the second"
    rename_trial(two_sites, "A third title")
    assert not Replay(two_sites.config, two_sites.data, frozenset()).stands(end_of(DAY))
    assert Replay(two_sites.config, two_sites.data, frozenset(), kept_on=DAY).stands(end_of(DAY))


def test_no_configuration_is_kept_before_the_first_release(two_sites: Nights):
    both_land(two_sites)
    again(two_sites, DAY)

    with pytest.raises(ConfigurationError, match=r"no release stood on 2026-02-28.*\n.*fix -> leave --config-as-of out"):
        again(two_sites, DAY, kept_on=dt.date(2026, 2, 28))


def test_a_configuration_of_then_must_not_show_what_todays_hides(two_sites: Nights):
    both_land(two_sites)
    trial: Path = two_sites.config / "trials" / "t01.yaml"
    blinded = trial.read_text()
    trial.write_text(blinded.replace("status: blinded", "status: open"))
    again(two_sites, DAY)
    trial.write_text(blinded)

    with pytest.raises(ConfigurationError, match="t01 is blinded today and was not then"):
        again(two_sites, DAY, kept_on=DAY)
