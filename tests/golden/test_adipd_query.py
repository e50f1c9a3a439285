"""The README's query over adipd gives, in one step, what the published individual-participant meta-analyses built by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import DemoRelease

README = Path(__file__).resolve().parents[2] / "README.md"
#: Rosenfield 2019, Mataix-Cols 2017: doses up to nine, share given more than 60 min before the exposure, antidepressant, 0-100.
QUERY = README.read_text(encoding="utf-8").split("```sql\n", 1)[1].split("```", 1)[0]


@pytest.fixture(scope="module")
def release(demo_release: DemoRelease) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for name in ("adipd", "adex", "adqs", "adsl"):
        con.execute(f"create view {name} as from read_parquet('{demo_release.release}/{name}/**/*.parquet')")
    return con


def answered(con: duckdb.DuckDBPyConnection, usubjid: str) -> list[tuple[Any, ...]]:
    found = con.execute(
        f"""
        select AVISIT, round(WEEK, 2), round(outcome_0_100, 2), round(baseline_0_100, 2), doses_max_9, round(share_over_60_min, 3),
            antidepressant, arm
        from ({QUERY}) where USUBJID = $1
        """,
        [usubjid],
    )
    return found.fetchall()


def test_one_participant_by_hand(release: duckdb.DuckDBPyConnection) -> None:
    """sad01/03, 03-002, from the export: LSAS 55 of 47 items (27 of 23 fear or avoidance items, prorated to 28.17; 28), 66, 43, 39,
    45 of 144. Capsules at 08:35, 08:31, 08:48 and 08:29 before exposures at 09:45, 09:45, 09:55 and 09:50: 70, 74, 67 and 81 min, the
    third on the day of WEEK 4. The capsule of session 6 was not taken. No medication. Blinded."""
    assert answered(release, "sad01-03-03-002") == [
        ("BASELINE", 0.0, 39.01, 39.01, 0, None, "N", None),
        ("WEEK 4", 6.0, 45.83, 39.01, 3, 1.0, "N", None),
        ("WEEK 8", 10.14, 29.86, 39.01, 4, 1.0, "N", None),
        ("POST", 14.14, 27.08, 39.01, 4, 1.0, "N", None),
        ("FU1M", 18.29, 31.25, 39.01, 4, 1.0, "N", None),
    ]


def test_every_participant_against_the_sets_it_was_built_from(release: duckdb.DuckDBPyConnection) -> None:
    """Counted again from adex, adqs and adsl in Python: doses of known day, flags of each, POMP and baseline, the flag of adsl."""
    doses: dict[str, list[tuple[dt.date, str | None]]] = {}
    blurred = set()
    for usubjid, taken, day, flag in release.execute("select USUBJID, EXOCCUR, EXSTDTC[:10], GT60FL from adex").fetchall():
        if taken == "U" or (taken == "Y" and (day is None or len(day) < 10)):
            blurred.add(usubjid)
        elif taken == "Y":
            doses.setdefault(usubjid, []).append((dt.date.fromisoformat(day), flag))
    scores = {
        (u, v): (day, pomp)
        for u, v, day, pomp in release.execute(
            "select q.USUBJID, q.AVISIT, q.ADT, q.POMP from adqs as q join adipd using (USUBJID, PARAMCD, AVISIT) where q.ANL01FL = 'Y'"
        ).fetchall()
    }
    antidepressant = dict(release.execute("select USUBJID, ADBLFL from adsl").fetchall())
    found = release.execute(
        f"select USUBJID, AVISIT, outcome_0_100, doses_max_9, share_over_60_min, antidepressant from ({QUERY})"
    ).fetchall()
    assert len(found) > 500
    counted = 0
    for usubjid, visit, outcome, n_doses, share, flag in found:
        day, pomp = scores[usubjid, visit]
        assert (outcome, flag) == (pomp, antidepressant[usubjid])
        if usubjid in blurred or day is None or n_doses is None:
            continue
        so_far = [gt60 for on, gt60 in doses.get(usubjid, []) if on <= day]
        assert n_doses == min(len(so_far), 9), (usubjid, visit)
        known = so_far and None not in so_far
        if share is not None or known:
            assert share == pytest.approx(so_far.count("Y") / len(so_far)), (usubjid, visit)
            counted += 1
    assert counted > 250


def test_no_arm_of_a_blinded_trial_is_shown(release: duckdb.DuckDBPyConnection) -> None:
    assert release.execute(f"select distinct STUDYID from ({QUERY}) where arm is not null").fetchall() == [("acro01",)]
