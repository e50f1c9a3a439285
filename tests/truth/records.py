"""The true trial as records: what happened, and what the site sent of it.

What belongs here: the record, the participant, the site. What does not: inventing them (programme.py), writing them down
(styles/), harming them (faults/).

A record holds `true`, the facts by field, and `sent`, the same facts as the site holds them; a fault changes `sent`, or puts
a raw cell text into `text`, or cuts, drops or repeats the row. A rating is on the site's own scale, a weight in its own unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from tests.truth.styles import Style

TABLES = ("subject", "session", "dose", "rating", "medication", "assessment", "adverse_event", "disposition")


@dataclass(eq=False)
class Record:
    """One row of one intake table (an assessment: one administration of one instrument)."""

    table: str
    subject: Subject
    true: dict[str, Any]
    sent: dict[str, Any] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    copies: list[Record] = field(default_factory=list)
    dropped: bool = False
    cut: int | None = None
    extra: list[str] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.sent:
            self.sent = dict(self.true)

    def copy(self, **changes: Any) -> Record:
        """A further row after this one, sent with these changes."""
        other = Record(self.table, self.subject, self.true, self.sent | changes, dict(self.text))
        self.copies.append(other)
        return other

    def rows(self) -> Iterator[Record]:
        """This row and its copies, unless it is dropped."""
        if not self.dropped:
            yield self
        yield from self.copies


@dataclass(eq=False)
class Subject:
    """A participant: number at the site, records by table, at most one fault."""

    site: Site
    number: int
    records: dict[str, list[Record]] = field(default_factory=lambda: {t: [] for t in TABLES})
    fault: Planted | None = None

    @property
    def subjid(self) -> str:
        """The identifier as it is published."""
        return self.site.style.subjid(self.number)

    @property
    def usubjid(self) -> str:
        """STUDYID-SITEID-SUBJID."""
        return f"{self.site.study}-{self.site.member(self.number)}-{self.subjid}"

    @property
    def me(self) -> dict[str, Any]:
        """The true facts of the subject record."""
        return self.records["subject"][0].true

    def add(self, table: str, **true: Any) -> Record:
        """A new record of this participant."""
        record = Record(table, self, true)
        self.records[table].append(record)
        return record

    def all(self) -> Iterator[Record]:
        """Every record."""
        for table in TABLES:
            yield from self.records[table]


@dataclass(eq=False)
class Site:
    """One export: a trial's plan, a style, participants; `name` is the export's site_id."""

    study: str
    name: str
    style: Style
    zone: str
    plan: dict[str, Any]
    subjects: list[Subject] = field(default_factory=list)
    fault: Planted | None = None
    reshape: list[Any] = field(default_factory=list)
    rewrite: list[Any] = field(default_factory=list)

    @property
    def key(self) -> str:
        """study/site."""
        return f"{self.study}/{self.name}"

    def member(self, number: int) -> str:
        """The published site of a participant: an export may hold many sites."""
        return self.style.members[number % len(self.style.members)] if self.style.members else self.name

    def at(self, day: dt.date, minute: float) -> dt.datetime:
        """An instant by the clinic's wall clock."""
        naive = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
        return naive.replace(tzinfo=ZoneInfo(self.zone))


@dataclass(eq=False)
class Planted:
    """A fault as it was planted: its kind, where, and what the field was and became."""

    kind: str
    site: Site
    table: str = ""
    key: str = ""
    column: str = ""
    true: str = ""
    sent: str = ""
    subject: Subject | None = None
    record: Record | None = None
    verdict: str = ""
    why: list[str] = field(default_factory=list)


def pick(rng: np.random.Generator, items: Any) -> Any:
    """One of several, by the seeded generator."""
    items = list(items)
    return items[int(rng.integers(len(items)))]
