"""Faults of medications: the name, the dates, repetition; and true facts that must be handled: brands, combinations, parts of dates."""

from __future__ import annotations

import datetime as dt

from tests.truth.drugs import BRANDS, LOOKALIKES, MISSPELT
from tests.truth.faults.base import Harm, in_year, kind
from tests.truth.records import Record, pick


def new(h: Harm, name: str, *ingredients: str, days: int = 200, **more) -> Record:
    """A further true medication, ongoing."""
    fields = {
        "verbatim": name, "ingredients": ingredients, "started_on": (h.subject.me["randomized_on"] - dt.timedelta(days=days)).isoformat(),
        "ended_on": None, "ongoing": True, "dose_text": "1 tablet", "record_no": 50,
    }  # fmt: skip
    taken = {i for r in h.subject.records["medication"] for i in r.true["ingredients"]}
    for r in [r for r in h.subject.records["medication"] if set(ingredients) & set(r.true["ingredients"])] if taken else []:
        h.subject.records["medication"].remove(r)
    return h.subject.add("medication", **(fields | more))


@kind("medication")
def medication_misspelt(h: Harm) -> None:
    name = pick(h.rng, MISSPELT)
    h.send(new(h, MISSPELT[name].lower(), MISSPELT[name]), verbatim=name)


@kind("medication")
def medication_between_two_names(h: Harm) -> None:
    name = pick(h.rng, LOOKALIKES)
    h.send(new(h, LOOKALIKES[name].lower(), LOOKALIKES[name]), verbatim=name)


@kind("medication")
def medication_brand(h: Harm) -> None:
    name = pick(h.rng, BRANDS)
    r = new(h, name, BRANDS[name])
    h.note(r, "verbatim", BRANDS[name], name)


@kind("medication")
def medication_strength_and_form_in_name(h: Harm) -> None:
    h.send(new(h, "sertraline", "SERTRALINE"), verbatim="SERTRALINE HCl 50mg tabs QD")


@kind("medication")
def medication_combination(h: Harm) -> None:
    r = new(h, "olanzapine/fluoxetine", "OLANZAPINE", "FLUOXETINE")
    h.note(r, "verbatim", "olanzapine, fluoxetine", "olanzapine/fluoxetine")


@kind("medication")
def medication_two_drugs_in_a_cell(h: Harm) -> None:
    r = new(h, "sertraline + quetiapine", "SERTRALINE", "QUETIAPINE")
    h.note(r, "verbatim", "sertraline, quetiapine", "sertraline + quetiapine")


@kind("medication")
def medication_none(h: Harm) -> None:
    r = new(h, "none", started_on=None, ongoing=None, dose_text=None)
    h.note(r, "verbatim", "no medication", "none")


@kind("medication")
def medication_start_without_day(h: Harm) -> None:
    start = h.subject.me["randomized_on"].isoformat()[:7]
    r = new(h, "mirtazapine", "MIRTAZAPINE", started_on=start)
    h.note(r, "started_on", start, start)


@kind("medication", lambda s: s.date == "%Y-%m-%d")
def medication_start_year_only(h: Harm) -> None:
    year = str(h.subject.me["randomized_on"].year)
    r = new(h, "duloxetine", "DULOXETINE", started_on=year)
    h.note(r, "started_on", year, year)


@kind("medication")
def medication_end_before_start(h: Harm) -> None:
    r = new(h, "bupropion", "BUPROPION", ongoing=False, ended_on=(h.subject.me["randomized_on"] + dt.timedelta(days=300)).isoformat())
    h.send(r, ended_on=(h.subject.me["randomized_on"] - dt.timedelta(days=400)).isoformat())


@kind("medication")
def medication_ongoing_with_end(h: Harm) -> None:
    r = new(h, "paroxetine", "PAROXETINE", ongoing=False, ended_on=(h.subject.me["randomized_on"] + dt.timedelta(days=10)).isoformat())
    h.send(r, ongoing=True)


@kind("medication")
def medication_prohibited(h: Harm) -> None:
    r = new(h, "lorazepam", "LORAZEPAM")
    h.note(r, "verbatim", "lorazepam", "lorazepam")


@kind("medication")
def medication_prohibited_by_brand(h: Harm) -> None:
    r = new(h, "Rivotril", "CLONAZEPAM")
    h.note(r, "verbatim", "clonazepam", "Rivotril")


@kind("medication")
def medication_start_in_the_future(h: Harm) -> None:
    r = new(h, "fluoxetine", "FLUOXETINE")
    h.send(r, started_on=in_year(r.true["started_on"], "2042"))


@kind("medication")
def medication_start_in_another_century(h: Harm) -> None:
    r = new(h, "fluoxetine", "FLUOXETINE")
    h.send(r, started_on=in_year(r.true["started_on"], "0202") if h.style.typed is False else in_year(r.true["started_on"], "1823"))


@kind("medication", lambda s: not s.typed)
def medication_start_impossible(h: Harm) -> None:
    r = new(h, "venlafaxine", "VENLAFAXINE")
    text = dt.date(2023, 10, 31).strftime(h.style.date).replace("Oct", "Nov").replace("10", "11", 1)
    h.write(r, "started_on", text)


@kind("medication")
def medication_start_blank(h: Harm) -> None:
    h.send(new(h, "escitalopram", "ESCITALOPRAM"), started_on=None)


@kind("medication")
def medication_end_and_ongoing_blank(h: Harm) -> None:
    h.send(new(h, "escitalopram", "ESCITALOPRAM"), ongoing=None)


@kind("medication")
def medication_ongoing_unknown_code(h: Harm) -> None:
    h.write(new(h, "citalopram", "CITALOPRAM"), "ongoing", "maybe")


@kind("medication")
def medication_repeated_alike(h: Harm) -> None:
    r = h.record("medication")
    h.note(r, "", "one row", "two rows alike")
    r.copy()


@kind("medication")
def medication_repeated_with_another_end(h: Harm) -> None:
    r = new(h, "quetiapine", "QUETIAPINE")
    h.note(r, "", "one row", "two rows that differ")
    r.copy(ongoing=False, ended_on=(h.subject.me["randomized_on"] - dt.timedelta(days=20)).isoformat())


@kind("medication", lambda s: s.encoding != "latin-1")
def medication_mojibake(h: Harm) -> None:
    h.send(new(h, "paracétamol", "PARACETAMOL"), verbatim="paracÃ©tamol")


@kind("medication")
def medication_name_blank(h: Harm) -> None:
    h.send(new(h, "sertraline", "SERTRALINE"), verbatim=None)


@kind("medication")
def medication_named_none(h: Harm) -> None:
    h.send(new(h, "sertraline", "SERTRALINE"), verbatim="none")


@kind("medication")
def medication_name_unknown(h: Harm) -> None:
    h.send(new(h, "sertraline", "SERTRALINE"), verbatim="antidepressant (name not recalled)")
