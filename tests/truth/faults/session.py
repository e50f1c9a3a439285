"""Faults of sessions: clock, order, attendance, repetition."""

from __future__ import annotations

from tests.truth.faults.base import Harm, Unfit, change_night, kind, wall
from tests.truth.faults.dose import local


@kind("session", lambda s: not s.split)
def session_end_before_start(h: Harm) -> None:
    h.moved(h.dosed(), "ended_at", hours=-3)


@kind("session")
def session_end_blank(h: Harm) -> None:
    h.send(h.dosed(), ended_at=None)


@kind("session", lambda s: not s.split)
def session_end_day_after(h: Harm) -> None:
    h.moved(h.dosed(), "ended_at", hours=24)


@kind("session")
def session_too_short(h: Harm) -> None:
    r = h.dosed()
    h.send(r, ended_at=wall(r.true["started_at"], minutes=2))


@kind("session")
def session_end_typo_of_five_hours(h: Harm) -> None:
    h.moved(h.held(), "ended_at", hours=5)


@kind("session", lambda s: not s.wide)
def session_row_lost(h: Harm) -> None:
    r = h.dosed()
    h.note(r, "", "one row", "no row")
    r.dropped = True


@kind("session")
def session_start_am_pm_slip(h: Harm) -> None:
    r = h.dosed()
    h.moved(r, "started_at", hours=-12 if r.true["started_at"].hour >= 12 else 12)


def _whole(h: Harm, record, **by) -> None:
    for column in ("started_at", "exposure_started_at", "ended_at"):
        if record.true.get(column):
            h.moved(record, column, **by)


@kind("session")
def session_in_the_future(h: Harm) -> None:
    _whole(h, h.dosed(), days=6574)


@kind("session")
def session_year_before(h: Harm) -> None:
    _whole(h, h.dosed(), days=-366)


@kind("session")
def session_without_dose_year_before(h: Harm) -> None:
    _whole(h, _undosed(h), days=-366)


@kind("session")
def session_without_dose_year_after(h: Harm) -> None:
    _whole(h, _undosed(h), days=365)


@kind("session")
def session_without_dose_month_after(h: Harm) -> None:
    r = _undosed(h)
    if not any(o.true["session_no"] > r.true["session_no"] and o.true["attended"] for o in h.subject.records["session"]):
        raise Unfit
    _whole(h, r, days=31)


@kind("session")
def session_without_dose_month_before(h: Harm) -> None:
    r = _undosed(h)
    if not any(o.true["session_no"] < r.true["session_no"] and o.true["attended"] for o in h.subject.records["session"]):
        raise Unfit
    _whole(h, r, days=-31)


def _undosed(h: Harm):
    dosed = {r.true["session_no"] for r in h.subject.records["dose"] if r.true["taken"]}
    return h.held(lambda t: t["session_no"] not in dosed)


@kind("session")
def session_with_dose_month_after(h: Harm) -> None:
    _whole(h, h.dosed(), days=30)


@kind("session", local)
def session_start_the_clock_skipped(h: Harm) -> None:
    h.send(h.dosed(), started_at=change_night(h.site.zone, forward=True))


@kind("session", local)
def session_start_the_clock_showed_twice(h: Harm) -> None:
    h.send(h.dosed(), started_at=change_night(h.site.zone, forward=False))


@kind("session", lambda s: not s.wide)
def session_number_beyond_the_plan(h: Harm) -> None:
    h.send(h.dosed(), session_no=99)


@kind("session", lambda s: not s.wide)
def session_number_blank(h: Harm) -> None:
    h.send(h.held(), session_no=None)


@kind("session", lambda s: not s.wide)
def session_number_of_another(h: Harm) -> None:
    r = h.held()
    other = h.held(lambda t: t["session_no"] != r.true["session_no"])
    h.send(r, session_no=other.true["session_no"])


@kind("session")
def session_attendance_unknown_code(h: Harm) -> None:
    h.write(h.dosed(), "attended", "?")


@kind("session")
def session_attendance_blank(h: Harm) -> None:
    h.send(h.dosed(), attended=None)


@kind("session")
def session_attendance_denied(h: Harm) -> None:
    rated = {r.true["session_no"] for r in h.records("rating")}
    h.send(h.held(lambda t: t["session_no"] in rated), attended=False)


@kind("session")
def session_start_blank(h: Harm) -> None:
    h.send(h.dosed(), started_at=None)


@kind("session")
def session_start_unreadable(h: Harm) -> None:
    h.write(h.dosed(), "started_at", "half past two")


@kind("session", lambda s: s.has_exposure and not s.split)
def exposure_before_the_session(h: Harm) -> None:
    h.moved(h.dosed(), "exposure_started_at", hours=-2)


@kind("session", lambda s: s.has_exposure and not s.split)
def exposure_after_the_session(h: Harm) -> None:
    h.moved(h.dosed(), "exposure_started_at", hours=5)


@kind("session", lambda s: not s.wide)
def session_repeated_with_another_start(h: Harm) -> None:
    r = h.dosed()
    h.note(r, "", "one row", "two rows that differ")
    r.copy(started_at=wall(r.true["started_at"], minutes=15))


@kind("session", lambda s: not s.wide)
def session_repeated_alike(h: Harm) -> None:
    r = h.held()
    h.note(r, "", "one row", "two rows alike")
    r.copy()
