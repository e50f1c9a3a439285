"""Faults that only their like beside them show: the visit's other forms, the other half, doses not taken, the site's other sessions.

What belongs here: values that are in range and agree with themselves. What does not: columns and files as a whole (habit.py).
"""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import Harm, Unfit, kind
from tests.truth.faults.unlike import hundred
from tests.truth.faults.whole import every
from tests.truth.programme import total
from tests.truth.records import Site


@kind("assessment", lambda s: s.study in ("ocd01", "sad01") and not s.wide)
def form_dated_a_week_from_its_visit(h: Harm) -> None:
    """Only this form; the visit's other one keeps the day."""
    r = h.record("assessment", lambda t: t["visit"] != "BASELINE")
    h.send(r, assessed_on=r.true["assessed_on"] + dt.timedelta(days=7))


@kind("dose")
def dose_not_taken_but_with_amount(h: Harm) -> None:
    r = h.taken()
    h.send(r, taken=False, dosed_at=None)


@kind("event")
def event_term_in_the_wrong_encoding(h: Harm) -> None:
    h.send(h.record("adverse_event"), verbatim="Diarrh\u00c3\u00a9e")


@kind("assessment", lambda s: s.study in ("sad01", "tail01"))
def page_exported_as_zeros(h: Harm) -> None:
    """The total goes along."""
    r = h.record("assessment", lambda t: t["instrument"] == "LSAS" and t["visit"] == "BASELINE" and t["total"])
    items = {c: 0 if n >= 24 else v for n, (c, v) in enumerate(r.true["items"].items())}
    h.send(r, items=items, total=total("LSAS", items))


@kind("site", lambda s: hundred(s) and s.study == "sad01" and not s.members, whole_site=True)
def site_exchanges_begin_and_end_of_a_session(site: Site) -> None:
    """Where fear always falls; a bad exposure among many would look alike."""
    rows = every(site, "rating")
    for n, r in enumerate(rows):
        r.true |= {"begin": 70 + n % 20, "peak": 92, "end": 30 + n % 15}
        r.sent |= {k: r.true[k] for k in ("begin", "peak", "end")}
    one = next((r for r in rows if r.true["session_no"] == 3), None)
    if one is None:
        raise Unfit
    for r in (r for r in rows if r.subject is one.subject and r.true["session_no"] == 3):
        r.sent |= {"begin": r.true["end"], "end": r.true["begin"]}


@kind("site", lambda s: hundred(s) and s.study == "sad01" and not s.members and not s.wide, whole_site=True)
def site_loses_the_last_exercise_of_a_session(site: Site) -> None:
    """Where every session has two; where the number varies nothing tells."""
    for subject in site.subjects:
        several = subject.records["rating"]
        subject.records["rating"] = [r for r in several if r.true["exercise_no"] < 3]
        for r in [r for r in several if r.true["exercise_no"] == 1]:
            no = r.true["session_no"]
            if not any(o.true["session_no"] == no and o.true["exercise_no"] == 2 for o in several):
                subject.add("rating", **(r.true | {"exercise_no": 2}))
    lost = next(r for r in every(site, "rating") if r.true["session_no"] == 4 and r.true["exercise_no"] == 2)
    lost.dropped = True
