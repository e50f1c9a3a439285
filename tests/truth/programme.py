"""Invents the true trials: participants, sessions, capsules, ratings, medications, questionnaires, events.

What belongs here: what happened, by chance from one seed. What does not: what analysis makes of it (oracle/), how it is sent.
Nothing true here is anything a data manager would ask about; odd but legitimate facts (edges of the windows, sessions over
midnight, missed capsules, end above begin, partial dates) are frequent on purpose.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from tests.truth.drugs import SPELLINGS
from tests.truth.records import Site, Subject, pick

TRIALS = Path(__file__).resolve().parents[2] / "config" / "demo" / "trials"

#: Instrument -> (item codes, lowest, highest) blocks, from the published scales.
INSTRUMENTS: dict[str, list[tuple[str, int, int, int]]] = {
    "LSAS": [("LSF", 24, 0, 3), ("LSA", 24, 0, 3)],
    "SPD-S": [("SPDS", 0, 1, 7)],
    "CY-BOCS": [("CYB", 10, 0, 4)],
    "CGI-S": [("CGI0101", 0, 1, 7)],
    "AQ-ACRO": [("AQA", 20, 0, 6), ("AQV", 20, 0, 2)],
}
#: Minutes before the session: mostly about an hour, often right on an edge.
LAGS = (45, 50, 55, 57, 60, 60, 61, 65, 70, 75, 59, 90, 30, 91, 119, 120, 121, 29)
FAR_LAGS = (120, 130, 150, 180, 200, 239, 240, 241, 119, 61)


def plan(study: str) -> dict[str, Any]:
    """The protocol of a trial as its file says it."""
    return YAML(typ="safe").load((TRIALS / f"{study}.yaml").read_text())


def item_codes(instrument: str) -> list[tuple[str, int, int]]:
    """(code, lowest, highest) of each item in order."""
    out = []
    for stem, n, low, high in INSTRUMENTS[instrument]:
        out += [(f"{stem}{i:02d}", low, high) for i in range(1, n + 1)] if n else [(stem, low, high)]
    return out


def invent(site: Site, n: int, rng: np.random.Generator) -> None:
    """Fill a site with participants."""
    for number in range(1, n + 1):
        subject = Subject(site, number)
        site.subjects.append(subject)
        _person(subject, rng)
        _course(subject, rng)
        _questionnaires(subject, rng)
        _medications(subject, rng)
        _events(subject, rng)


def _person(s: Subject, rng: np.random.Generator) -> None:
    child = s.site.study == "ocd01"
    age = int(rng.integers(8, 18)) if child else int(rng.integers(18, 66))
    kg = float(rng.integers(26, 72)) if child else float(rng.integers(48, 115))
    if child and age < 12:
        kg = float(rng.integers(26, 46))
    weight = round(kg / 0.45359237) if s.site.style.weight_unit == "lb" else kg
    consented = dt.date(2024, 1, 15) + dt.timedelta(days=int(rng.integers(0, 250)))
    s.add(
        "subject", age_years=age, sex=pick(rng, "MF"), weight=weight, consented_on=consented,
        randomized_on=consented + dt.timedelta(days=int(rng.integers(8, 15))), 
        arm=pick(rng, [a["code"] for a in s.site.plan["arms"]]), random_no=f"R{s.number:03d}",
    )  # fmt: skip
    if rng.random() < 0.08 and s.site.plan["sessions"]["number"] > 4:
        s.add("disposition", withdrawn_on=s.me["randomized_on"] + dt.timedelta(days=int(rng.integers(25, 60))), reason="moved away")


def nominal_dose(s: Subject) -> float:
    """What the participant's capsule holds (mg): of the own arm, by weight where the trial says so."""
    arm = next(a for a in s.site.plan["arms"] if a["code"] == s.me["arm"])
    if "dose_mg" in arm:
        return float(arm["dose_mg"])
    kg = s.me["weight"] * (0.45359237 if s.site.style.weight_unit == "lb" else 1)
    return next(float(b["dose_mg"]) for b in arm["dose_mg_by_weight"] if b.get("from_kg", 0) <= kg < b.get("below_kg", 1e9))


def _course(s: Subject, rng: np.random.Generator) -> None:
    site, plan_ = s.site, s.site.plan
    gone = s.records["disposition"][0].true["withdrawn_on"] if s.records["disposition"] else dt.date.max
    planned = plan_["dosing"]["sessions"]
    far = plan_["timing_window"]["pre"]["from_min"] >= 120
    record_no = 0
    for no in range(1, plan_["sessions"]["number"] + 1):
        day = s.me["randomized_on"] + dt.timedelta(days=7 * no)
        if day > gone:
            break
        attended = bool(rng.random() < 0.92)
        late = not site.style.split and rng.random() < 0.02
        start = site.at(day, 24 * 60 - 20 if late else int(rng.integers(10 * 60, 17 * 60)))
        length = plan_["sessions"]["planned_length_min"] + int(rng.integers(-10, 11))
        end = start + dt.timedelta(minutes=length)
        exposure = start + dt.timedelta(minutes=int(rng.integers(5, 16)))
        session = s.add(
            "session", session_no=no, attended=attended, started_at=start if attended else None,
            exposure_started_at=exposure if attended and site.style.has_exposure else None, ended_at=end if attended else None,
        )  # fmt: skip
        fear = _ratings(s, no, rng) if attended else None
        if no not in planned or not attended:
            continue
        for point in plan_["dosing"]["time_points"]:
            record_no += 1
            taken = bool(rng.random() < 0.95)
            if point == "PRE":
                when = session.true["started_at"] - dt.timedelta(minutes=int(pick(rng, FAR_LAGS if far else LAGS)))
            else:
                succeeded = fear is not None and fear <= plan_["success"]["end_le"]
                taken = succeeded if rng.random() < 0.95 else not succeeded
                when = end + dt.timedelta(minutes=int(pick(rng, (0, 5, 10, 20, 30, 31))))
            mg = nominal_dose(s)
            s.add(
                "dose", session_no=no, time_point=point, taken=taken, dose_mg=mg if taken else None, dosed_at=when if taken else None,
                record_no=record_no, **(site.style.amount(mg) if taken else dict.fromkeys(site.style.amount(mg))),
            )  # fmt: skip


def _ratings(s: Subject, no: int, rng: np.random.Generator) -> float | None:
    low, high = (int(x) for x in s.site.style.scale.split("-"))
    last = None
    for exercise in range(1, int(rng.integers(1, 4)) + 1):
        span = high - low
        begin = low + round(span * rng.uniform(0.4, 0.95))
        end = low + round(span * rng.uniform(0.1, 0.8)) if rng.random() > 0.04 else min(high, begin + 1)
        peak = min(high, max(begin, end) + int(rng.integers(0, 2)))
        blank = rng.random() < 0.01
        s.add("rating", session_no=no, exercise_no=exercise, begin=begin, peak=peak, end=None if blank else end)
        last = None if blank else (end - low) / span * 100
    return last


def _questionnaires(s: Subject, rng: np.random.Generator) -> None:
    gone = s.records["disposition"][0].true["withdrawn_on"] if s.records["disposition"] else dt.date.max
    for n, visit in enumerate(s.site.plan["visits"]):
        target = visit["target_day"]
        slack = 2 if target < 0 or target > 30 else 1
        off = target - 1 if target > 0 else target
        day = s.me["randomized_on"] + dt.timedelta(days=off + int(rng.integers(-slack, slack + 1)))
        if day > gone:
            break
        day = max(day, s.me["consented_on"])
        for instrument in s.site.plan["instruments"]:
            ease = rng.uniform(0, 0.45) + 0.12 * n
            items: dict[str, int | None] = {}
            for code, low, high in item_codes(instrument):
                items[code] = int(np.clip(round(rng.normal(high * (1 - ease), 0.2 * (high - low) + 0.4)), low, high))
            if instrument in ("LSAS", "AQ-ACRO") and rng.random() < 0.08:
                items[pick(rng, items)] = None
            s.add("assessment", instrument=instrument, visit=visit["name"], assessed_on=day, items=items, total=total(instrument, items))


def total(instrument: str, items: dict[str, Any]) -> int | None:
    """What the site adds up itself: the sum of a complete form that has a total."""
    if instrument not in ("LSAS", "CY-BOCS") or any(v is None for v in items.values()):
        return None
    return sum(items.values())


def _medications(s: Subject, rng: np.random.Generator) -> None:
    names = list(SPELLINGS)
    rng.shuffle(names)
    seen: set[str] = set()
    for n, name in enumerate(names[: int(rng.integers(0, 4))]):
        if SPELLINGS[name] in seen:
            continue
        seen.add(SPELLINGS[name])
        start = s.me["randomized_on"] - dt.timedelta(days=int(rng.integers(5, 900)))
        ongoing = bool(rng.random() < 0.6)
        end = None if ongoing else start + dt.timedelta(days=int(rng.integers(3, 400)))
        s.add(
            "medication", verbatim=name, ingredients=(SPELLINGS[name],), started_on=start.isoformat(),
            ended_on=end.isoformat() if end else None, ongoing=ongoing, dose_text="1 tablet", record_no=n + 1,
        )  # fmt: skip


def _events(s: Subject, rng: np.random.Generator) -> None:
    terms = ["Headache", "Nausea", "Dizziness", "Irritability", "Tiredness"]
    for n in range(int(rng.integers(0, 3))):
        day = s.me["randomized_on"] + dt.timedelta(days=int(rng.integers(1, 60)))
        s.add(
            "adverse_event", verbatim=terms[(n * 2 + s.number) % len(terms)], started_on=day.isoformat(),
            severity=pick(rng, ("MILD", "MODERATE")), serious=False, related="possibly related", record_no=n + 1,
        )  # fmt: skip
