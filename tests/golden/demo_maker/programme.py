"""Draws participants of a trial: sessions, capsules, ratings, questionnaires, medications, adverse events.

What belongs here: the clean truth, the same for every way of writing it. What does not: files and planted problems.
Effects: low fear at the end of an exposure helps the active arm in the next weeks, high end fear harms it (Smits 2013).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Scale:
    """How one instrument's items are drawn: count, range, the baseline's mean and SD of the total."""

    instrument: str
    n_items: int
    low: int
    high: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Plan:
    """What of a protocol the draw needs. Visits: name -> (study day, instruments)."""

    study: str
    n_sessions: int
    dosed: tuple[int, ...]
    length_min: int
    exposure_from: int
    visits: dict[str, tuple[int, tuple[Scale, ...]]]
    arms: dict[str, float]
    lag_mean: float
    lag_sd: float
    lag_clip: tuple[float, float]
    age: tuple[int, int]
    n_exercises: int = 2
    tailored: bool = False
    by_weight: bool = False


@dataclass
class Dose:
    """One capsule."""

    time_point: str
    taken: bool
    mg: float
    at: datetime | None


@dataclass
class Session:
    """One planned session with its exercises (begin, peak, end on 0-100)."""

    no: int
    attended: bool
    start: datetime
    exposure: datetime | None = None
    end: datetime | None = None
    doses: list[Dose] = field(default_factory=list)
    exercises: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass
class Form:
    """One administration; items in the instrument's order, None: not answered."""

    instrument: str
    visit: str
    on: date
    items: list[int | None]

    @property
    def total(self) -> int | None:
        """The sum, as a site would enter it: only of a complete form."""
        return None if None in self.items else sum(i for i in self.items if i is not None)


@dataclass
class Med:
    """One medication; dates ISO, maybe partial."""

    name: str
    start: str
    end: str
    dose: str
    why: str


@dataclass
class Event:
    """One adverse event."""

    term: str
    on: date
    severity: str


@dataclass
class Person:
    """One participant."""

    no: int
    age: int
    sex: str
    weight: float
    consented: date
    randomized: date
    arm: str
    sessions: list[Session] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    meds: list[Med] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    withdrawn: date | None = None

    def session(self, no: int) -> Session:
        """The session with this number."""
        return next(s for s in self.sessions if s.no == no)


ANTIDEPRESSANTS = [("sertraline", "100 mg"), ("escitalopram", "10 mg"), ("fluoxetine", "20 mg"), ("citalopram", "20 mg")]
EVERYDAY = [
    ("ibuprofen", "400 mg", "headache"),
    ("lisinopril", "10 mg", "hypertension"),
    ("cetirizine", "10 mg", "hay fever"),
    ("omeprazole", "20 mg", "reflux"),
    ("metformin", "500 mg", "diabetes"),
    ("atorvastatin", "20 mg", "cholesterol"),
]
EVENTS = ["Headache", "Nausea", "Fatigue", "Dizziness", "Insomnia", "Common cold", "Dry mouth"]


def day(anchor: date, study_day: int) -> date:
    """Date of a study day: day 1 is the anchor, there is no day 0."""
    return anchor + timedelta(days=study_day - 1 if study_day > 0 else study_day)


def people(plan: Plan, n: int, first_day: date, rng: random.Random) -> list[Person]:
    """Participants of one site, numbered from 1, consented every few days from `first_day`."""
    out = []
    arms = [arm for _ in range(n) for arm in plan.arms][:n]
    rng.shuffle(arms)
    consented = first_day
    for no in range(1, n + 1):
        consented += timedelta(days=rng.randint(2, 7))
        age = rng.randint(*plan.age)
        weight = 72 + rng.gauss(0, 11) if age >= 18 else 14 + 3.1 * age + rng.gauss(0, 5)
        person = Person(
            no, age, rng.choice("MF"), round(max(weight, 26), 1), consented, consented + timedelta(days=14), arms[no - 1]
        )
        _treat(plan, person, rng)
        _ask(plan, person, rng)
        _medicate(person, rng)
        out.append(person)
    return out


def _treat(plan: Plan, person: Person, rng: random.Random) -> None:
    """Weekly sessions with capsules and fear ratings; about one participant in twelve leaves early."""
    leaves_after = rng.randint(2, plan.n_sessions - 1) if plan.n_sessions > 2 and rng.random() < 0.08 else None
    hour, minute = rng.choice([9, 10, 11, 13, 14, 15, 16]), rng.choice([0, 0, 30])
    fear = rng.gauss(72, 10)
    for no in range(1, plan.n_sessions + 1):
        on = day(person.randomized, 8 + 7 * (no - 1))
        session = Session(no, rng.random() > 0.02, datetime(on.year, on.month, on.day, hour, minute))
        person.sessions.append(session)
        session.start += timedelta(minutes=rng.choice([0, 0, 0, 5, 10]))
        if session.attended:
            session.end = session.start + timedelta(minutes=plan.length_min + rng.choice([-10, -5, 0, 0, 5, 10]))
            if no >= plan.exposure_from:
                session.exposure = session.start + timedelta(minutes=rng.choice([10, 15, 20]))
                fear = _expose(plan, session, fear, rng)
        _dose(plan, person, session, rng)
        if no == leaves_after:
            person.withdrawn = session.start.date() + timedelta(days=3)
            break


def _expose(plan: Plan, session: Session, fear: float, rng: random.Random) -> float:
    for _ in range(plan.n_exercises):
        begin = min(100, max(15, round(rng.gauss(fear, 7))))
        end = min(98, max(2, round(begin - abs(rng.gauss(26, 13)))))
        session.exercises.append((begin, min(100, begin + rng.randint(0, 9)), end))
    return fear - rng.uniform(1.5, 6)


def _dose(plan: Plan, person: Person, session: Session, rng: random.Random) -> None:
    if session.no not in plan.dosed:
        return
    mg = plan.arms[person.arm] if not plan.by_weight else (25.0 if person.weight < 46 else 50.0)
    taken = session.attended and rng.random() > 0.03
    lag = round(min(plan.lag_clip[1], max(plan.lag_clip[0], rng.gauss(plan.lag_mean, plan.lag_sd))))
    session.doses.append(Dose("PRE", taken, mg, session.start - timedelta(minutes=lag) if taken else None))
    if plan.tailored:
        given = session.end is not None and bool(session.exercises) and session.exercises[-1][2] <= 40
        at = session.end + timedelta(minutes=rng.randint(1, 15)) if given and session.end else None
        session.doses.append(Dose("POST", given, mg, at))


def _ask(plan: Plan, person: Person, rng: random.Random) -> None:
    """Questionnaires at the planned visits up to withdrawal."""
    start = {scale.instrument: rng.gauss(scale.mean, scale.sd) for _, scales in plan.visits.values() for scale in scales}
    for name, (study_day, scales) in plan.visits.items():
        on = day(person.randomized, study_day) + timedelta(days=rng.choice([0, 0, 0, 1]))
        if person.withdrawn and on > person.withdrawn:
            continue
        for scale in scales:
            ceiling = scale.n_items * (scale.high - scale.low)
            share = (start[scale.instrument] - scale.n_items * scale.low) / ceiling * _remaining(person, on)
            share = min(0.97, max(0.02, share * rng.uniform(0.93, 1.07)))
            items: list[int | None] = [
                scale.low + sum(rng.random() < share for _ in range(scale.high - scale.low)) for _ in range(scale.n_items)
            ]
            if scale.n_items > 20 and rng.random() < 0.04:
                items[rng.randrange(scale.n_items)] = None
            person.forms.append(Form(scale.instrument, name, on, items))


def _remaining(person: Person, on: date) -> float:
    """Share of the baseline severity left: falls with each session, faster after low end fear in an active arm."""
    left = 1.0
    for session in person.sessions:
        if session.start.date() < on and session.exercises:
            left *= 0.955
            if person.arm != "PLACEBO" and any(d.taken for d in session.doses):
                left *= 0.965 if session.exercises[-1][2] <= 40 else 1.015
    return left


def _medicate(person: Person, rng: random.Random) -> None:
    first = person.consented
    if rng.random() < 0.3:
        name, dose = rng.choice(ANTIDEPRESSANTS)
        months = rng.randint(4, 30)
        begun = first - timedelta(days=30 * months)
        person.meds.append(Med(name, begun.isoformat()[: rng.choice([10, 10, 7])], "", dose, "depression"))
    if rng.random() < 0.6:
        name, dose, why = rng.choice(EVERYDAY)
        begun = first - timedelta(days=rng.randint(40, 900))
        ended = "" if rng.random() < 0.6 else (first + timedelta(days=rng.randint(10, 60))).isoformat()
        person.meds.append(Med(name, begun.isoformat(), ended, dose, why))
    treated = [s for s in person.sessions if s.attended]
    if treated and rng.random() < 0.35:
        on = rng.choice(treated).start.date() + timedelta(days=1)
        if not person.withdrawn or on <= person.withdrawn:
            person.events.append(Event(rng.choice(EVENTS), on, rng.choice(["MILD", "MILD", "MODERATE"])))


def move_nearest(group: list[Person], on: date) -> tuple[int, int]:
    """Move the session with a capsule that is nearest to a day onto that day; participant and session number."""
    found = [(abs((s.start.date() - on).days), p.no, s.no, s) for p, s, d in doses(group) if d.at]
    _, person, number, session = min(found, key=lambda f: f[:3])
    by = on - session.start.date()
    session.start += by
    session.exposure, session.end = (t + by if t else None for t in (session.exposure, session.end))
    for dose in session.doses:
        dose.at = dose.at + by if dose.at else None
    return person, number


def sessions(group: list[Person]) -> Iterator[tuple[Person, Session]]:
    """Every session of every participant."""
    return ((p, s) for p in group for s in p.sessions)


def doses(group: list[Person]) -> Iterator[tuple[Person, Session, Dose]]:
    """Every capsule of every participant."""
    return ((p, s, d) for p, s in sessions(group) for d in s.doses)


def exercises(group: list[Person]) -> Iterator[tuple[Person, Session, int, tuple[int, int, int]]]:
    """Every exposure exercise with its number."""
    return ((p, s, n, e) for p, s in sessions(group) for n, e in enumerate(s.exercises, 1))


def forms(group: list[Person], instrument: str) -> Iterator[tuple[Person, Form]]:
    """Every administration of one instrument."""
    return ((p, f) for p in group for f in p.forms if f.instrument == instrument)
