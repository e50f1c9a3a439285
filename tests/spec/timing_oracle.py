"""What DESIGN section 8 says of one dose, computed a second time in plain Python: the oracle of the timing property test.

What belongs here: the contract's words as code, on zoneinfo and whole microseconds. What does not: anything taken from sql/ or
from the engine's table of clock changes; making the cases (timing_cases.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = 60_000_000
HALF_DAY = 12 * 60 * MINUTE
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Clock:
    """A time as a site sent it: wall clock, offset where one was sent, and the date (alone, where the clock time is missing)."""

    local: dt.datetime | None = None
    offset_s: int | None = None
    on: dt.date | None = None


@dataclass(frozen=True)
class Session:
    no: int
    attended: bool | None
    start: Clock
    exposure: Clock = Clock()
    end: Clock = Clock()


@dataclass(frozen=True)
class Dose:
    session_no: int | None
    time_point: str | None
    taken: bool | None
    at: Clock


@dataclass(frozen=True)
class Plan:
    """A protocol's own windows in minutes; both time points are planned."""

    pre: tuple[float, float, str] | None = (60, 120, "session_start")
    post: tuple[float, float] | None = (0, 30)
    length_min: float | None = 90


@dataclass(frozen=True)
class Case:
    zone: str
    plan: str
    sessions: tuple[Session, ...]
    doses: tuple[Dose, ...]


@dataclass(frozen=True)
class Instant:
    """Microseconds since 1970 where certain, else why not; `sent` when a clock time was given."""

    at: int | None = None
    fault: str | None = None
    on: dt.date | None = None


@dataclass
class Seen:
    """A session after reading: what the rules leave of it."""

    session: Session
    start: Instant
    exposure: Instant
    end: Instant = field(default_factory=Instant)


def microseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def utc(at: int | None) -> dt.datetime | None:
    return None if at is None else EPOCH + dt.timedelta(microseconds=at)


def instant(clock: Clock, zone: ZoneInfo) -> Instant:
    """A wall clock without an offset is certain when exactly one instant shows it in the zone."""
    if clock.local is None:
        return Instant(on=clock.on)
    if clock.offset_s is not None:
        moment = (clock.local - dt.timedelta(seconds=clock.offset_s)).replace(tzinfo=dt.UTC)
        return Instant(microseconds(moment), on=moment.astimezone(zone).date())
    shown = set()
    for fold in (0, 1):
        moment = clock.local.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == clock.local:
            shown.add(microseconds(moment))
    if len(shown) == 1:
        return Instant(shown.pop(), on=clock.local.date())
    return Instant(fault="AMBIGUOUS_LOCAL_TIME" if shown else "NONEXISTENT_LOCAL_TIME", on=clock.local.date())


def seen(session: Session, zone: ZoneInfo) -> Seen:
    """A session that ends before it starts has no end."""
    start, exposure, end = (instant(c, zone) for c in (session.start, session.exposure, session.end))
    if start.at is not None and end.at is not None and end.at < start.at:
        end = Instant(on=end.on)
    return Seen(session, start, exposure, end)


def linked(dose: Dose, at: Instant, sessions: Sequence[Seen], zone: ZoneInfo) -> tuple[int | None, str]:
    """The session number, and how it was found: only the one session that may be near."""
    if dose.session_no is not None:
        return dose.session_no, "SENT"
    if at.at is None:
        return None, "NO_TIME"
    first, last = at.at - 4 * 60 * MINUTE, at.at + 8 * 60 * MINUTE
    shown = (EPOCH + dt.timedelta(microseconds=at.at)).astimezone(zone).replace(tzinfo=None)
    days = ((shown - dt.timedelta(hours=4)).date(), (shown + dt.timedelta(hours=8)).date())
    certain, possible = [], 0
    for s in sessions:
        if s.session.attended is False:
            continue
        if s.start.at is not None and first <= s.start.at <= last:
            possible += 1
            certain += [s.session.no] if s.session.attended else []
        elif s.start.at is None and s.start.on is not None and days[0] <= s.start.on <= days[1]:
            possible += 1
    if not certain:
        return None, "NONE_NEAR"
    return (certain[0], "BY_TIME") if possible == 1 else (None, "SEVERAL_NEAR")


def reason(dose: Dose, at: Instant, session: Seen | None, plan: Plan) -> str | None:
    """TIMREAS: the first that holds, in the order in which timing is measured."""
    if dose.taken is False:
        return None
    if at.at is None:
        return at.fault or "NO_DOSE_TIME"
    if session is None:
        return "NO_SESSION"
    if session.start.at is None:
        return session.start.fault or "NO_SESSION_TIME"
    if abs(session.start.at - at.at) > HALF_DAY:
        return "IMPLAUSIBLE_LAG"
    if at.at >= session.start.at and end_of(session, plan)[0] is None:
        return "NO_SESSION_TIME"
    return None


def end_of(session: Seen, plan: Plan) -> tuple[int | None, bool]:
    """(end, whether the planned length stands in)."""
    if session.end.at is not None:
        return session.end.at, False
    if session.start.at is None or plan.length_min is None:
        return None, False
    return session.start.at + round(plan.length_min * MINUTE), True


def category(at: int, session: Seen, plan: Plan) -> tuple[str, bool]:
    """(TIMCAT, whether an imputed end decided it)."""
    start = session.start.at
    assert start is not None
    lag = start - at
    if lag > 0:
        edges = ((240 * MINUTE, "PRE_GE4H"), (120 * MINUTE + 1, "PRE_2_4H"), (60 * MINUTE, "PRE_1_2H"), (1, "PRE_LT1H"))
        return next(name for edge, name in edges if lag >= edge), False
    end, imputed = end_of(session, plan)
    assert end is not None
    after = at - end
    return "DURING" if after < 0 else "POST_IMM" if after <= 30 * MINUTE else "POST_LATE", imputed


def window(dose: Dose, at: Instant, session: Seen | None, plan: Plan) -> tuple[int | None, tuple[int, int] | None]:
    """(microseconds that the trial's own window is about, the window); either may not be known."""
    edges = plan.pre if dose.time_point == "PRE" else plan.post if dose.time_point == "POST" else None
    if edges is None or at.at is None or session is None:
        return None, None
    inside = (round(edges[0] * MINUTE), round(edges[1] * MINUTE))
    if dose.time_point == "POST":
        return (None if session.end.at is None else at.at - session.end.at), inside
    reference = session.start.at
    if edges[2] == "exposure_start":  # type: ignore[misc]
        if session.exposure.fault is not None:
            return None, inside
        reference = session.exposure.at if session.exposure.at is not None else reference
    return (None if reference is None else reference - at.at), inside


def expected(dose: Dose, sessions: Sequence[Seen], plan: Plan, zone: ZoneInfo) -> dict[str, Any]:
    """The variables of ADEX that speak of time, and the rules that ask about it."""
    at = instant(dose.at, zone)
    session_no, link = linked(dose, at, sessions, zone)
    session = next((s for s in sessions if s.session.no == session_no), None)
    why = reason(dose, at, session, plan)
    known = dose.taken is not False and why is None
    timcat, imputed = (None, False) if dose.taken is False else ("UNKNOWN", False)
    flags: dict[str, bool | None] = dict.fromkeys(("WIN12FL", "GT60FL", "GE4HFL", "POSTIMFL", "INWINFL"))
    about, inside = window(dose, at, session, plan)
    if known:
        assert at.at is not None and session is not None and session.start.at is not None
        timcat, imputed = category(at.at, session, plan)
        lag = session.start.at - at.at
        over = (session.start.at if session.exposure.at is None else session.exposure.at) - at.at > 60 * MINUTE
        flags |= {"WIN12FL": 60 * MINUTE <= lag <= 120 * MINUTE, "GE4HFL": lag >= 240 * MINUTE, "POSTIMFL": timcat == "POST_IMM"}
        # a recorded exposure start that cannot be read lies after the session's start, nobody knows how far
        flags["GT60FL"] = None if session.exposure.fault is not None and not over else over
        if inside is not None:
            before_start = dose.time_point == "POST" and inside[0] >= 0 and lag >= 0
            flags["INWINFL"] = inside[0] <= about <= inside[1] if about is not None else False if before_start else None
    return {
        "SESSNO": session_no,
        "EXSTDTM": utc(at.at),
        "EXSTDTC": shown_in_zone(at, zone),
        "SESDTM": utc(session.start.at) if session else None,
        "EXPDTM": utc(session.exposure.at) if session else None,
        "SEEDTM": utc(session.end.at) if session else None,
        "ENDIMPFL": "Y" if imputed else None,
        "LAGSTRT": minutes(session.start.at, at.at) if session else None,
        "LAGEXPO": minutes(session.exposure.at, at.at) if session else None,
        "LAGEND": minutes(at.at, session.end.at) if session else None,
        "TIMCAT": timcat,
        "TIMREAS": why,
        **{name: None if value is None else "Y" if value else "N" for name, value in flags.items()},
        "asked": asked(dose, at, session, link, about, inside),
    }


def asked(
    dose: Dose, at: Instant, session: Seen | None, link: str, about: int | None, inside: tuple[int, int] | None
) -> tuple[str, ...]:
    """Rules on core.dose_timing that ask the site about the dose's time or its session."""
    if dose.taken is False:
        return ()
    found = {"NONE_NEAR": ["dose_unlinked"], "SEVERAL_NEAR": ["dose_link_ambiguous"]}.get(link, [])
    if link == "SENT" and session is None:
        found = ["dose_without_session"]
    moves = () if about is None or inside is None or inside[0] <= about <= inside[1] else (about - HALF_DAY, about + HALF_DAY)
    if any(inside[0] <= moved <= inside[1] for moved in moves):  # type: ignore[index]
        found.append("am_pm_slip")
    if at.at is not None and session is not None and session.start.at is not None and abs(session.start.at - at.at) > HALF_DAY:
        found.append("implausible_lag")
    return tuple(sorted(found))


def minutes(later: int | None, earlier: int | None) -> float | None:
    """Exact microseconds, shown in minutes."""
    return None if later is None or earlier is None else (later - earlier) / MINUTE


def shown_in_zone(at: Instant, zone: ZoneInfo) -> str | None:
    """EXSTDTC: site-local with offset; a date where that is all that is known."""
    moment = utc(at.at)
    if moment is not None:
        return moment.astimezone(zone).replace(microsecond=0).isoformat()
    return at.on.isoformat() if at.on else None


def numbered(case: Case, zone: ZoneInfo) -> list[int | None]:
    """DOSENUM where every dose names its session and no taking is in doubt: by session, then date, then time; a PRE capsule without a date
    before the POST capsule of its session."""
    taken = []
    after = {d.session_no for d in case.doses if d.taken and d.time_point == "POST"}
    for n, dose in enumerate(case.doses):
        at = instant(dose.at, zone)
        day_only = 2 if dose.time_point == "POST" else 0
        is_ahead = at.on is None and dose.time_point == "PRE" and dose.session_no in after
        place = (dose.session_no, not is_ahead, at.on or dt.date.max, day_only if at.at is None else 1, at.at or 0, n)
        if dose.taken:
            taken.append((place, n))
    order = {n: k for k, (_, n) in enumerate(sorted(taken), start=1)}
    return [order.get(n) for n in range(len(case.doses))]
