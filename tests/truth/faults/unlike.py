"""Faults that no record shows by itself: only the participant's other records, or the site's other participants, can tell.

What belongs here: clocks, units, codes and days that are possible one by one. Planted only where the others are unlike them.
"""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import Harm, Unfit, kind
from tests.truth.faults.dose import local
from tests.truth.faults.people import event
from tests.truth.faults.rating import top
from tests.truth.faults.whole import every
from tests.truth.records import Site
from tests.truth.styles.base import Style

#: The middle of the lags in minutes that programme.py gives to all trials but acro01 (which plans two doses only).
USUAL_LAG = 60


def hundred(s: Style) -> bool:
    """Whether fear is rated on a hundred steps."""
    return s.scale in ("0-100", "1-100")


def adults(s: Style) -> bool:
    """Whether adults are weighed in kilograms."""
    return s.study != "ocd01" and s.weight_unit == "kg"


@kind("dose", lambda s: local(s) and s.study != "acro01")
def doses_of_a_participant_in_utc(h: Harm) -> None:
    """Each dose may still look possible; all of them lie on one side of everybody else's."""
    doses = h.records("dose", lambda t: t["taken"] and t["time_point"] == "PRE")
    starts = {r.true["session_no"]: r.true["started_at"] for r in h.records("session")}
    shown = {d: d.true["dosed_at"].astimezone(dt.UTC).replace(tzinfo=d.true["dosed_at"].tzinfo) for d in doses}
    lags = [(starts[d.true["session_no"]] - at).total_seconds() / 60 - USUAL_LAG for d, at in shown.items()]
    if len(doses) < 4 or not (min(lags) > 34 or max(lags) < -34):
        raise Unfit
    if h.style.split and any(at.date() != d.true["dosed_at"].date() for d, at in shown.items()):
        raise Unfit
    for dose, at in shown.items():
        h.send(dose, dosed_at=at)


@kind("session", lambda s: not s.wide)
def session_and_dose_on_the_next_sessions_day(h: Harm) -> None:
    """The lag is right, and both days are of the participant's course: only two sessions on one day can tell."""
    later = {r.true["session_no"] - 1: r.true["started_at"] for r in h.records("session", lambda t: t["attended"])}
    session = h.held(lambda t: t["session_no"] in later)
    no = session.true["session_no"]
    doses = [d for d in h.records("dose", lambda t: t["taken"] and t["session_no"] == no)] if no in _dosed(h) else []
    days = (later[no].date() - session.true["started_at"].date()).days
    for column in ("started_at", "exposure_started_at", "ended_at"):
        if session.true.get(column):
            h.moved(session, column, days=days)
    for dose in doses:
        h.moved(dose, "dosed_at", days=days)


def _dosed(h: Harm) -> set[int]:
    return {d.true["session_no"] for d in h.subject.records["dose"] if d.true["taken"]}


@kind("rating", hundred)
def suds_of_an_exercise_on_ten(h: Harm) -> None:
    """One exercise among others of its session; a step that fear hardly makes, and numbers nobody gives on a hundred."""
    sheet: dict[tuple[int, int], dict] = {(r.true["session_no"], r.true["exercise_no"]): r.true for r in h.records("rating")}

    def tells(t: dict) -> bool:
        if t["end"] is None:
            return False
        small = [max(1, round(t[k] / 10)) for k in ("begin", "peak", "end")]
        before, after = (sheet.get((t["session_no"], t["exercise_no"] + n)) for n in (-1, 1))
        near = max((o["peak"] for o in (before, after) if o), default=0)
        fallen = before is not None and (before["end"] is None or before["end"] < 5 * max(small) + 2)
        return sum(x % 5 != 0 for x in small) >= 2 and near >= max(50, 5 * max(small)) and not fallen

    r = h.record("rating", tells)
    h.send(r, **{k: max(1, round(r.true[k] / 10)) for k in ("begin", "peak", "end")})


@kind("rating", hundred)
def suds_undeclared_missing_code_of_two_digits(h: Harm) -> None:
    assert top(h) == 100
    h.send(h.record("rating", lambda t: t["end"] is not None), end=99)


@kind("subject")
def age_undeclared_missing_code_of_two_digits(h: Harm) -> None:
    h.send(h.record("subject"), age_years=99)


@kind("event")
def event_serious_and_mild(h: Harm) -> None:
    h.send(event(h, "Vomiting", severity="MILD"), serious=True)


@kind("site", local, whole_site=True)
def site_ends_sessions_an_hour_late(site: Site) -> None:
    """The ends are typed from a clock that nobody set to winter time."""
    for r in every(site, "session"):
        if r.true["ended_at"]:
            r.sent["ended_at"] = r.true["ended_at"] + dt.timedelta(hours=1)


@kind("site", adults, whole_site=True)
def site_weighs_adults_in_pounds(site: Site) -> None:
    for r in every(site, "subject"):
        r.sent["weight"] = round(r.true["weight"] / 0.45359237)


@kind("site", lambda s: s.study == "ocd01" and s.weight_unit == "kg", whole_site=True)
def site_weighs_children_in_pounds(site: Site) -> None:
    for r in every(site, "subject"):
        r.sent["weight"] = round(r.true["weight"] / 0.45359237)


@kind("site", adults, whole_site=True)
def site_writes_99_for_a_weight_not_taken(site: Site) -> None:
    for r in every(site, "subject")[:4]:
        r.sent["weight"] = 99


@kind("site", whole_site=True)
def site_exchanges_serious_and_not(site: Site) -> None:
    for n, subject in enumerate(site.subjects[:6]):
        day = subject.me["randomized_on"] + dt.timedelta(days=20 + n)
        subject.add("adverse_event", verbatim="Vomiting", started_on=day.isoformat(), severity="MODERATE", serious=False,
                    related="related", record_no=70)  # fmt: skip
    for r in every(site, "adverse_event"):
        r.sent["serious"] = not r.true["serious"]
