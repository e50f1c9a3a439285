"""A column that is filled up to a day and blank in all records since, on the real engine."""

from __future__ import annotations

import datetime as dt

from flows.engine import findings_store
from tests.golden.test_hold import PEOPLE, VISITS, Export

NEW = [f"P{n},0{1 + n % 2},{20 + n},{'mf'[n % 2]},2026-01-05" for n in range(21, 35)]


def later(came: str, days: int, first: int = 21) -> list[str]:
    """Two sessions each of seven new participants of each site, over so many days; the site sends whether they came, or does not."""
    return [
        f"P{n},0{1 + n % 2},{k},{came},{dt.date(2026, 1, 20) + dt.timedelta((n - 21) * days // 13 if k == 2 else 0)} 10:00"
        for n in range(first, 35) for k in (1, 2)
    ]  # fmt: skip


def told(export: Export, rule: str = "field_blank_since") -> list[tuple[str, str, str, str]]:
    known = findings_store.history(export.data, rule=rule).sort("site")
    return [(r["site"], f"{r['table']}.{r['field']}", r["suggestion"], r["status"]) for r in known.to_dicts()]


def test_a_column_that_new_records_no_longer_fill_is_asked_about_until_they_do(export: Export):
    export.night("2026-03-02", PEOPLE + NEW, VISITS + later("", 33))
    words = "blank in all 14 records since 2026-01-20, filled in 20 of 20 before"
    assert told(export, "field_blank_since") == [("01", "session.attended", words, "OPEN"), ("02", "session.attended", words, "OPEN")]

    export.night("2026-03-03", PEOPLE + NEW, [*VISITS, *later("", 33)[:-4], *later("1", 33)[-4:]])  # filled again, and 12 are still blank
    assert [status for *_, status in told(export)] == ["OPEN", "OPEN"]
    export.run(as_of="2026-03-04")
    assert [status for *_, status in told(export)] == ["OPEN", "OPEN"]

    export.night("2026-03-05", PEOPLE + NEW, VISITS + later("1", 33))
    assert [status for *_, status in told(export)] == ["RESOLVED", "RESOLVED"]


def test_what_may_still_be_entered_is_not_asked_about(export: Export):
    export.night("2026-03-02", PEOPLE + NEW, VISITS + later("", 27))  # no blank is a month older than the newest record
    assert told(export) == []


def test_a_site_that_fills_a_column_late_is_not_asked(export: Export):
    early = [v.replace(",2,1,", ",2,,") for v in VISITS]
    export.night("2026-03-01", visits=early)
    export.night("2026-03-02", PEOPLE + NEW, VISITS + later("", 33))
    assert told(export) == []


def test_a_few_blanks_at_the_end_are_not_asked_about(export: Export):
    export.night("2026-03-02", PEOPLE + NEW, [*VISITS, *later("1", 10), *later("", 33, first=31)])
    assert told(export) == []
