"""How a kind of fault is declared and planted.

What belongs here: the registry and the tools of planting. What does not: the kinds (one module a group beside this one).
A kind is one function with a decorator: it takes a `Harm`, picks a record and changes what is sent; where the participant does
not suit it, `harm.record` raises Unfit and the next one is tried. `fits` says which styles can carry it at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.truth.records import Planted, Record, Site, Subject, pick
from tests.truth.styles.base import Style


class Unfit(Exception):
    """This participant cannot carry this fault."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `told`: a finding must exist even when every published value is true (the fact itself is asked about)."""

    name: str
    group: str
    plant: Callable[[Any], None]
    fits: Callable[[Style], bool]
    whole_site: bool = False
    told: bool = False


KINDS: dict[str, Kind] = {}


def kind(group: str, fits: Callable[[Style], bool] = lambda s: True, *, whole_site: bool = False, told: bool = False) -> Callable[..., Any]:
    """Register a planting function; its name is the kind."""

    def register(plant: Callable[[Any], None]) -> Callable[[Any], None]:
        KINDS[plant.__name__] = Kind(plant.__name__, group, plant, fits, whole_site, told)
        return plant

    return register


@dataclass
class Harm:
    """One fault being planted into one participant."""

    subject: Subject
    rng: np.random.Generator
    planted: Planted = field(init=False)

    def __post_init__(self) -> None:
        self.planted = Planted("", self.site, subject=self.subject)

    @property
    def site(self) -> Site:
        """The participant's export."""
        return self.subject.site

    @property
    def style(self) -> Style:
        """How it is written."""
        return self.site.style

    def records(self, table: str, where: Callable[[dict[str, Any]], bool] = lambda t: True) -> list[Record]:
        """Records of the participant that suit."""
        found = [r for r in self.subject.records[table] if where(r.true)]
        if not found:
            raise Unfit
        return found

    def record(self, table: str, where: Callable[[dict[str, Any]], bool] = lambda t: True) -> Record:
        """One record of the participant that suits."""
        return pick(self.rng, self.records(table, where))

    def taken(self, where: Callable[[dict[str, Any]], bool] = lambda t: True) -> Record:
        """A dose that was taken before its session."""
        return self.record("dose", lambda t: t["taken"] and t["time_point"] == "PRE" and where(t))

    def held(self, where: Callable[[dict[str, Any]], bool] = lambda t: True) -> Record:
        """A session that was held."""
        return self.record("session", lambda t: t["attended"] and where(t))

    def dosed(self) -> Record:
        """A held session with a taken dose."""
        numbers = {r.true["session_no"] for r in self.records("dose", lambda t: t["taken"])}
        return self.held(lambda t: t["session_no"] in numbers)

    def note(self, record: Record, column: str, true: Any, sent: Any) -> None:
        """Write down what was done."""
        p = self.planted
        p.record, p.table = record, record.table
        keys = ("session_no", "time_point", "exercise_no", "instrument", "visit", "verbatim")
        p.key = p.key or "|".join([self.style.id_text(self.subject.number), *(str(record.true[k]) for k in keys if k in record.true)])
        p.column = p.column or column
        p.true, p.sent = p.true or str(true), p.sent or str(sent)

    def send(self, record: Record, **fields: Any) -> None:
        """The site holds other values than happened."""
        for name, value in fields.items():
            self.note(record, name, record.true.get(name), value)
            record.sent[name] = value
        if "items" in fields:
            record.sent["items"] = dict(fields["items"])

    def write(self, record: Record, column: str, text: str) -> None:
        """The cell holds this very text."""
        self.note(record, column, record.true.get(column), text)
        record.text[column] = text

    def amount(self, record: Record, factor: float) -> None:
        """The amount that was sent is this many times what it should be."""
        name = "strength" if "strength" in record.sent else "amount"
        self.send(record, **{name: record.sent[name] * factor})

    def text_amount(self, record: Record, text: str) -> None:
        """The amount cell holds this text (with its unit, where the style writes both in one)."""
        both = self.style.dose_kind == "in_text"
        self.write(record, "dose" if both else "amount", f"{text} {record.sent['unit']}" if both else text)

    def moved(self, record: Record, column: str, **by: float) -> None:
        """An instant is sent later by so much wall clock."""
        self.send(record, **{column: wall(record.true[column], **by)})


def wall(instant: dt.datetime, **by: float) -> dt.datetime:
    """The same zone, the wall clock moved."""
    return (instant.replace(tzinfo=None) + dt.timedelta(**by)).replace(tzinfo=instant.tzinfo)


def change_night(zone: str, forward: bool) -> dt.datetime:
    """A wall-clock time of 2024 that the zone skipped (forward) or showed twice."""
    info = ZoneInfo(zone)
    for n in range(366):
        for hour in range(4):
            naive = dt.datetime(2024, 1, 1) + dt.timedelta(days=n, hours=hour, minutes=30)
            first, second = (naive.replace(tzinfo=info, fold=f).utcoffset() for f in (0, 1))
            if first != second and (first < second) == forward:
                return naive
    raise Unfit


def in_year(iso: str, year: str) -> str:
    """The same day of another year; 29 February becomes the 28th."""
    return year + iso[4:].replace("-02-29", "-02-28")
