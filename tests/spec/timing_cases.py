"""Cases for the timing property test: random, seeded, and crowded around everything that is an edge.

What belongs here: which clocks, zones and habits occur. What does not: what must come out (timing_oracle.py).
"""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

from tests.spec.timing_oracle import Case, Clock, Dose, Plan, Session

#: Both hemispheres, half and quarter hours, changes at midnight, a change of thirty minutes, zones that never change.
ZONES = (
    "Europe/Lisbon", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Santiago", "Australia/Sydney",
    "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu", "America/Phoenix", "UTC",
)  # fmt: skip
PLANS = {
    "start": Plan(),
    "exposure": Plan(pre=(60, 120, "exposure_start"), post=(0, 30), length_min=None),
    "narrow": Plan(pre=(30.5, 90, "session_start"), post=(5, 45), length_min=50.5),
    "silent": Plan(pre=None, post=None, length_min=60),
}
#: Minutes from dose to start at which something changes (timing, twelve hours, linking), and what half a day makes of them.
EDGES = (0, 60, 120, 240, 480, -240, 720, -720, 30.5, 90, -90, -120, -80.5, 780, 840, 660, 600, -660, -600, -810, -630)
NUDGES = (0, 0, 0, 1, -1, 60, -60, 0.000001, -0.000001, 0.5)
FIRST, LAST = dt.datetime(2023, 6, 1, tzinfo=dt.UTC), dt.datetime(2025, 6, 1, tzinfo=dt.UTC)


def changes(zone: str) -> list[dt.datetime]:
    """UTC quarter hours after which the zone's clock is another; looked for step by step."""
    info, at, out = ZoneInfo(zone), FIRST, []
    before = at.astimezone(info).utcoffset()
    while at < LAST:
        at += dt.timedelta(minutes=15)
        after = at.astimezone(info).utcoffset()
        if after != before:
            out.append(at)
        before = after
    return out


class Maker:
    """Makes cases from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.changes = {zone: changes(zone) for zone in ZONES}

    def cases(self, n: int) -> list[Case]:
        return [self.case() for _ in range(n)]

    def case(self) -> Case:
        zone, plan = self.random.choice(ZONES), self.random.choice(list(PLANS))
        first = self.moment(zone)
        sessions = []
        for no in range(1, self.random.choice((1, 1, 1, 2, 3)) + 1):
            sessions.append(self.session(no, first, zone, PLANS[plan]))
            first += dt.timedelta(hours=self.random.choice((3, 6, 11, 24, 168)))
        n_doses = self.random.choice((1, 1, 1, 2, 3))
        return Case(zone, plan, tuple(sessions), tuple(self.dose(sessions, zone) for _ in range(n_doses)))

    def moment(self, zone: str) -> dt.datetime:
        """A start: near a clock change, near midnight, or anywhere; most on whole minutes."""
        kind = self.random.random()
        if kind < 0.4 and self.changes[zone]:
            at = self.random.choice(self.changes[zone]) + dt.timedelta(minutes=self.random.randint(-12, 12) * 15)
        elif kind < 0.6:
            night = dt.datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)) + dt.timedelta(days=self.random.randrange(400))
            at = night.astimezone(dt.UTC) + dt.timedelta(minutes=self.random.choice((-90, -30, -1, 0, 1, 30, 90)))
        else:
            at = FIRST + dt.timedelta(minutes=self.random.randrange(700 * 1440))
        return at + dt.timedelta(seconds=self.random.choice((0, 0, 0, 0, 1, 59, 0.1, 0.25)))

    def session(self, no: int, start: dt.datetime, zone: str, plan: Plan) -> Session:
        length = self.random.choice((90, 90, 60, plan.length_min or 45, 0, -15, 100, 200))
        end = start + dt.timedelta(minutes=length)
        exposure = start + dt.timedelta(minutes=self.random.choice((0, 5, 10, 30)))
        return Session(
            no,
            self.random.choice((True, True, True, True, True, True, False, None)),
            self.clock(start, zone, blank=0.03, day=0.05),
            self.clock(exposure, zone, blank=0.6, day=0),
            self.clock(end, zone, blank=0.3, day=0.03),
        )

    def dose(self, sessions: list[Session], zone: str) -> Dose:
        session = self.random.choice(sessions)
        start = session.start.local or dt.datetime(2024, 3, 31, 1, 30)
        info = ZoneInfo(zone)
        aware = start.replace(tzinfo=dt.timezone(dt.timedelta(seconds=session.start.offset_s))) if session.start.offset_s is not None else (
            start.replace(tzinfo=info, fold=self.random.randint(0, 1))
        )
        if self.random.random() < 0.85:
            lag = self.random.choice(EDGES) * 60 + self.random.choice(NUDGES)
        else:
            lag = self.random.randint(-1_000, 1_000) * 60
        at = aware.astimezone(dt.UTC) - dt.timedelta(seconds=lag)
        number = None if self.random.random() < 0.35 else 9 if self.random.random() < 0.05 else session.no
        return Dose(
            number,
            self.random.choice(("PRE", "PRE", "PRE", "POST", "POST", None)),
            self.random.choice((True, True, True, True, True, True, False, None)),
            self.clock(at, zone, blank=0.04, day=0.05),
        )

    def clock(self, at: dt.datetime, zone: str, blank: float, day: float) -> Clock:
        """How a site writes an instant: its wall clock, mostly; with its own offset; in UTC; with a strange offset."""
        kind = self.random.random()
        local = at.astimezone(ZoneInfo(zone))
        wall = local.replace(tzinfo=None, fold=0)
        if kind < blank:
            return Clock()
        if kind < blank + day:
            return Clock(on=wall.date())
        habit = self.random.random()
        if habit < 0.1:
            return Clock(wall, int((local.utcoffset() or dt.timedelta()).total_seconds()), wall.date())
        if habit < 0.25:
            strange = self.random.choice((0, 0, 0, 19_800, -34_200, 50_400, -43_200))
            shown = at.astimezone(dt.timezone(dt.timedelta(seconds=strange))).replace(tzinfo=None)
            return Clock(shown, strange, shown.date())
        if habit < 0.4:  # a wall clock near a change, whether the clock showed it once, twice or never
            change = min(self.changes[zone], key=lambda c: abs(c - at), default=at)
            if abs(change - at) < dt.timedelta(hours=14):
                before = (change - dt.timedelta(minutes=15)).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
                wall = before + dt.timedelta(minutes=self.random.choice((15, 15, 30, 44, 45, 60, 74, 75, -45, -46)))
        return Clock(wall, None, wall.date())
