"""Faults that only a file's order, the other rows of a column or the site's hours show: each value is possible where it stands.

What belongs here: columns that were sorted, cut or filled with one answer. What does not: clocks, units and codes (unlike.py).
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from tests.truth.faults.base import Harm, Unfit, kind, wall
from tests.truth.faults.unlike import hundred
from tests.truth.faults.whole import every
from tests.truth.programme import total
from tests.truth.records import Site

#: Terms no field of twenty letters holds.
LONG_TERMS = (
    "Stiffness of both shoulders in the morning", "Ringing in both ears at night", "Swelling of the right ankle after a walk",
    "Itching of the forearms in the sun", "Pressure behind both eyes while reading", "Cramp in the calf when swimming",
)  # fmt: skip


@kind("session", lambda s: s.split and not s.wide)
def session_and_dose_in_the_evening(h: Harm) -> None:
    """Seven hours later than it was, its dose with it: the site holds no other session after six."""
    session = h.held(lambda t: t["started_at"].hour >= 14)
    doses = [d for d in h.subject.records["dose"] if d.true["session_no"] == session.true["session_no"] and d.true["dosed_at"]]
    if any((d.true["dosed_at"] + dt.timedelta(hours=7)).date() != session.true["started_at"].date() for d in doses):
        raise Unfit  # before anything of it is moved
    for column in ("started_at", "exposure_started_at", "ended_at"):
        if session.true.get(column):
            h.moved(session, column, hours=7)
    for dose in doses:
        h.moved(dose, "dosed_at", hours=7)


@kind("site", lambda s: not s.members and s.study != "ocd01", whole_site=True)
def site_sorts_the_ages(site: Site) -> None:
    """One column of a sheet was sorted, the others were not. Ten children have too few different ages to tell."""
    people = every(site, "subject")
    for r, age in zip(people, sorted(p.true["age_years"] for p in people), strict=True):
        r.sent["age_years"] = age


@kind("site", lambda s: not s.members and s.study != "acro01", whole_site=True)
def site_moves_the_answers_a_row_down(site: Site) -> None:
    """Of all forms of the primary outcome, totals along; two visits tell nothing of a course."""
    forms = [r for r in every(site, "assessment") if r.true["instrument"] in ("LSAS", "CY-BOCS")]
    for form, above in zip(forms[1:], forms, strict=False):
        form.sent |= {"items": dict(above.true["items"]), "total": above.true["total"]}


@kind("site", lambda s: not s.members and s.study == "ocd01", whole_site=True)
def site_moves_the_answers_a_row_down_from_the_middle(site: Site) -> None:
    """Of short forms, where everybody gets better from visit to visit; no item tells whose they are."""
    visits = [v["name"] for v in site.plan["visits"]]
    forms = [r for r in every(site, "assessment") if r.true["instrument"] == "CY-BOCS"]
    for r in forms:
        low = 3 - visits.index(r.true["visit"])
        r.true["items"] = {c: low + (n * r.subject.number) % 3 % 2 for n, c in enumerate(r.true["items"])}
        r.true["total"] = total("CY-BOCS", r.true["items"])
        r.sent |= {k: r.true[k] for k in ("items", "total")}
    for form, above in zip(forms[len(forms) // 2 :], forms[len(forms) // 2 - 1 :], strict=False):
        form.sent |= {"items": dict(above.true["items"]), "total": above.true["total"]}


@kind("site", lambda s: not s.members, whole_site=True)
def site_cuts_the_terms_of_events(site: Site) -> None:
    """In a field of twenty letters. An export of several sites has too few events of each."""
    for n, term in enumerate(LONG_TERMS):
        subject = site.subjects[n]
        day = subject.me["randomized_on"] + dt.timedelta(days=30)
        subject.add("adverse_event", verbatim=term, started_on=day.isoformat(), severity="MODERATE", serious=False, related="related",
                    record_no=70)  # fmt: skip
    for event in every(site, "adverse_event"):
        event.sent["verbatim"] = event.true["verbatim"][:20].strip()


@kind("site", lambda s: hundred(s) and s.study != "acro01", whole_site=True)
def site_rates_every_exercise_alike(site: Site) -> None:
    """The first three ratings of each participant, copied down; two sessions hold too few to tell."""
    for subject in site.subjects:
        first = next((r.true for r in subject.records["rating"] if r.true["end"] is not None), None)
        for r in subject.records["rating"] if first else ():
            r.sent |= {k: first[k] for k in ("begin", "peak", "end")}


@kind("site", lambda s: s.study != "acro01", whole_site=True)
def site_exchanges_begin_and_end(site: Site) -> None:
    """Fear rises in a fifth to a quarter of true exercises here, and so it still falls in as many. Two sessions hold too few."""
    for r in every(site, "rating"):
        r.sent |= {"begin": r.true["end"], "end": r.true["begin"]}


@kind("site", lambda s: not s.members, whole_site=True)
def site_fills_the_days_of_events_in_series(site: Site) -> None:
    """A day dragged down over six rows of a spreadsheet becomes a day more in each."""
    for subject in site.subjects:
        day = subject.me["randomized_on"] + dt.timedelta(days=25)
        subject.add("adverse_event", verbatim="Vomiting", started_on=day.isoformat(), severity="MODERATE", serious=False, related="related",
                    record_no=70)  # fmt: skip
    rows = every(site, "adverse_event")
    first = dt.date.fromisoformat(rows[4].true["started_on"])
    for n, event in enumerate(rows[4:12]):
        event.sent["started_on"] = (first + dt.timedelta(days=n)).isoformat()


@kind("site", lambda s: hundred(s) and not s.members and not s.wide and s.name != "xpt", whole_site=True)
def site_fills_the_ratings_in_series(site: Site) -> None:
    """A rating dragged down over twelve rows of a spreadsheet becomes one more in each; where a file has a row a rating."""
    for n, r in enumerate([r for r in every(site, "rating") if r.true["end"] is not None][8:20]):
        r.sent["end"] = 31 + n


@kind("event")
def event_again_a_day_later(h: Harm) -> None:
    """The diary's day and the visit's."""
    r = h.record("adverse_event")
    h.note(r, "", "one row", "two rows")
    r.copy(started_on=(dt.date.fromisoformat(r.true["started_on"]) + dt.timedelta(days=1)).isoformat(), record_no=71)


@kind("site", lambda s: s.study == "tail01" and not s.members, whole_site=True)
def site_exchanges_the_forms_of_two(site: Site) -> None:
    """Of people who answer in their own way; totals go along, dates stay. Seven visits of ten people are enough to tell."""
    ways = np.random.default_rng(len(site.subjects)).integers(0, 3, (len(site.subjects), 48))
    for r in (r for r in every(site, "assessment") if r.true["instrument"] == "LSAS"):
        visit = [v["name"] for v in site.plan["visits"]].index(r.true["visit"])
        way = ways[r.subject.number - 1]
        r.true["items"] = {c: int(way[n] + ((n + 5 * visit) % 7 == 0)) for n, c in enumerate(r.true["items"])}
        r.true["total"] = total("LSAS", r.true["items"])
        r.sent |= {k: r.true[k] for k in ("items", "total")}
    whole = [s for s in site.subjects if not s.records["disposition"]][:2]
    one, other = (r for s in whole for r in s.records["assessment"] if r.true["instrument"] == "LSAS" and r.true["visit"] == "WEEK 4")
    for r, donor in ((one, other), (other, one)):
        r.sent |= {k: donor.true[k] for k in ("items", "total")}


@kind("site", lambda s: s.study == "sad01" and not s.members and not s.wide, whole_site=True)
def site_writes_a_session_to_a_day_of_rest(site: Site) -> None:
    """Nobody works on Sunday; one session, its dose with it, is written to the Sunday after its day."""
    moved = [r for r in [*every(site, "session"), *every(site, "dose")] if r.true.get("started_at") or r.true.get("dosed_at")]
    for r in moved:
        by = {k: dt.timedelta(days=1) for k in ("started_at", "exposure_started_at", "ended_at", "dosed_at") if r.true.get(k)}
        if r.true[next(iter(by))].isoweekday() == 7:
            r.true |= {k: wall(r.true[k], days=1) for k in by}
            r.sent |= {k: r.true[k] for k in by}
    dosed = {(d.subject.number, d.true["session_no"]) for d in every(site, "dose") if d.true["taken"]}
    one = next(r for r in moved if r.table == "session" and (r.subject.number, r.true["session_no"]) in dosed)
    days = 7 - one.true["started_at"].isoweekday()
    for r in (r for r in moved if r.subject is one.subject and r.true["session_no"] == one.true["session_no"]):
        r.sent |= {k: wall(r.true[k], days=days) for k in ("started_at", "exposure_started_at", "ended_at", "dosed_at") if r.true.get(k)}
