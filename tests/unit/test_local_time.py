"""Which UTC instant a wall-clock time is: compared with zoneinfo, which knows nothing of our table."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.engine.reference import by_year, local_times

ZONES = ["Europe/Lisbon", "America/New_York", "Australia/Melbourne", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"]


@given(st.sampled_from(ZONES), st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2035, 1, 1)))
def test_the_table_and_zoneinfo_agree_on_every_wall_clock_time(zone, local):
    rows = local_times(zone)
    _, _, offset, kind = rows[bisect_right([r[1] for r in rows], local) - 1]
    info = ZoneInfo(zone)
    first, second = local.replace(tzinfo=info, fold=0), local.replace(tzinfo=info, fold=1)
    exists = first.astimezone(dt.UTC).astimezone(info).replace(tzinfo=None) == local
    if not exists:
        assert kind == "gap"
    elif first.utcoffset() != second.utcoffset():
        assert kind == "overlap"
    else:
        assert kind == "normal"
        assert dt.timedelta(seconds=offset) == first.utcoffset()


def test_the_spring_hour_of_new_york_does_not_exist_and_the_autumn_hour_comes_twice():
    rows = [r for r in local_times("America/New_York") if r[1].year == 2024]
    assert rows == [
        ("America/New_York", dt.datetime(2024, 3, 10, 2), -18000, "gap"),
        ("America/New_York", dt.datetime(2024, 3, 10, 3), -14400, "normal"),
        ("America/New_York", dt.datetime(2024, 11, 3, 1), -14400, "overlap"),
        ("America/New_York", dt.datetime(2024, 11, 3, 2), -18000, "normal"),
    ]


@given(st.sampled_from(ZONES), st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2150, 1, 1)))
def test_a_wall_clock_time_is_found_by_its_year_as_it_is_found_by_a_search(zone, local):
    rows = local_times(zone)
    _, _, offset, kind = rows[bisect_right([r[1] for r in rows], local) - 1]
    found = [r[4:] for r in by_year(zone) if r[1] == min(local.year, 2070) and r[2] <= local < r[3]]
    assert found == [(offset, kind)]
