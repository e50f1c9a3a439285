"""Faults of questionnaires: items, totals, visits, dates, repetition."""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import Harm, Unfit, kind
from tests.truth.programme import item_codes
from tests.truth.records import Record, pick

MANY = ("LSAS", "CY-BOCS", "AQ-ACRO")


def form(h: Harm, where=lambda t: True) -> Record:
    """An administration of the primary instrument."""
    return h.record("assessment", lambda t: t["instrument"] in MANY and where(t))


def some(h: Harm, r: Record) -> str:
    """An item that was answered."""
    return pick(h.rng, [c for c, v in r.true["items"].items() if v is not None])


@kind("assessment")
def item_above_its_range(h: Harm) -> None:
    r = form(h)
    h.planted.column = some(h, r)
    h.send(r, items=r.true["items"] | {h.planted.column: 7})


@kind("assessment")
def item_below_its_range(h: Harm) -> None:
    r = form(h)
    h.planted.column = some(h, r)
    h.send(r, items=r.true["items"] | {h.planted.column: -1})


@kind("assessment")
def item_between_two_answers(h: Harm) -> None:
    r = form(h)
    h.planted.column = some(h, r)
    h.send(r, items=r.true["items"] | {h.planted.column: 1.5})


@kind("assessment")
def item_in_words(h: Harm) -> None:
    r = form(h)
    h.write(r, f"item:{some(h, r)}", "often")


@kind("assessment")
def item_undeclared_missing_code(h: Harm) -> None:
    r = form(h)
    h.planted.column = some(h, r)
    h.send(r, items=r.true["items"] | {h.planted.column: 99})


@kind("assessment")
def item_wrong_beside_its_total(h: Harm) -> None:
    """In range, so only the reported total can tell."""
    r = form(h, lambda t: t["total"] is not None)
    if not h.style.totals:
        raise Unfit
    code = some(h, r)
    h.planted.column = code
    h.send(r, items=r.true["items"] | {code: (r.true["items"][code] + 1) % 4})


@kind("assessment")
def items_coded_one_too_high(h: Harm) -> None:
    r = form(h)
    if max(v for v in r.true["items"].values() if v is not None) < {c: m for c, _, m in item_codes(r.true["instrument"])}[some(h, r)]:
        raise Unfit
    h.send(r, items={c: None if v is None else v + 1 for c, v in r.true["items"].items()})


@kind("assessment")
def items_missing_beyond_the_rule(h: Harm) -> None:
    r = form(h)
    blank = {c: None for c in list(r.true["items"])[: len(r.true["items"]) // 3 + 1]}
    h.send(r, items=r.true["items"] | blank)


@kind("assessment", lambda s: s.totals)
def total_differs_from_the_items(h: Harm) -> None:
    r = form(h, lambda t: t["total"] is not None)
    h.send(r, total=r.true["total"] + 10)


@kind("assessment", lambda s: s.totals)
def total_unreadable(h: Harm) -> None:
    h.write(form(h, lambda t: t["total"] is not None), "total", "see file")


@kind("assessment", lambda s: s.totals)
def items_blank_beside_a_total(h: Harm) -> None:
    r = form(h, lambda t: t["total"] is not None)
    h.send(r, items=dict.fromkeys(r.true["items"]))


@kind("assessment")
def visit_label_unknown(h: Harm) -> None:
    h.write(form(h), "visit", "Week 40")


@kind("assessment")
def visit_label_blank(h: Harm) -> None:
    h.send(form(h), visit=None)


@kind("assessment")
def visit_of_another(h: Harm) -> None:
    r = form(h)
    other = form(h, lambda t: t["visit"] != r.true["visit"])
    h.send(r, visit=other.true["visit"])


@kind("assessment")
def visit_outside_its_window(h: Harm) -> None:
    r = form(h)
    h.send(r, assessed_on=r.true["assessed_on"] + dt.timedelta(days=60))


@kind("assessment")
def visit_year_after(h: Harm) -> None:
    r = form(h)
    h.send(r, assessed_on=r.true["assessed_on"] + dt.timedelta(days=365))


@kind("assessment")
def visit_in_the_future(h: Harm) -> None:
    r = form(h)
    h.send(r, assessed_on=r.true["assessed_on"].replace(year=2042, day=min(28, r.true["assessed_on"].day)))


@kind("assessment")
def visit_before_consent(h: Harm) -> None:
    r = form(h, lambda t: t["visit"] == "BASELINE")
    h.send(r, assessed_on=h.subject.me["consented_on"] - dt.timedelta(days=5))


@kind("assessment")
def visit_date_blank(h: Harm) -> None:
    h.send(form(h), assessed_on=None)


@kind("assessment")
def visit_date_unreadable(h: Harm) -> None:
    h.write(form(h), "assessed_on", "spring")


@kind("assessment")
def visit_repeated_another_day(h: Harm) -> None:
    r = form(h)
    h.note(r, "", "one form", "two forms of one visit")
    items = dict(r.true["items"])
    first = next(iter(items))
    r.copy(assessed_on=r.true["assessed_on"] + dt.timedelta(days=1), items=items | {first: 0}, total=None)


@kind("assessment")
def visit_repeated_same_day_other_answers(h: Harm) -> None:
    r = form(h)
    h.note(r, "", "one form", "two forms of one visit and day")
    items = {c: None if v is None else max(0, v - 1) for c, v in r.true["items"].items()}
    r.copy(items=items, total=None if r.true["total"] is None else sum(v or 0 for v in items.values()))


@kind("assessment")
def form_repeated_alike(h: Harm) -> None:
    r = form(h)
    h.note(r, "", "one form", "two forms alike")
    r.copy()


@kind("assessment")
def baseline_lost(h: Harm) -> None:
    r = form(h, lambda t: t["visit"] == "BASELINE")
    h.note(r, "", "one form", "no form")
    r.dropped = True
