"""One night's work: what every step needs to know, batches of bounded size, and working one until the guilty unit stands alone.

What belongs here: a night, an attempt at a unit, batches. What does not: which delivery is tried and who is held (settling.py),
computing a batch (batch.py), Prefect (flows/nightly.py and its stages).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from flows.engine import batch, landed
from flows.engine.batch import Staged
from flows.engine.config import Programme, Unit, load, site_dates
from flows.engine.guard import no_values
from flows.engine.landed import Delivery
from flows.engine.mapping import MapInput
from flows.engine.models import ModelError
from flows.engine.releases import Release
from schemas.findings import AccountingError, EditedError, ReadError, TrialweaveError, UnreadableError

#: A batch is bounded by bytes and by sites, because both cost memory; measured at 0.6 GB a batch beside 0.35 GB once.
BATCH_BYTES = 17_000_000
BATCH_UNITS = 80
#: Batches worked at the same time, each on one thread: two processors are kept busy better than by one batch on two.
SIDE_BY_SIDE = 2
#: Bytes from which on a batch that is alone computes on all threads.
WORTH_THREADS = 2_500_000

T = TypeVar("T")


class Sealed(Generic[T]):
    """Something handed from task to task. Prefect looks through every list and dataclass it passes on, which took 20 s for
    200 sites; it does not look into a plain object."""

    def __init__(self, value: T) -> None:
        self.value = value


class Night:
    """What every step of a night needs. No dataclass, for the reason Sealed gives."""

    def __init__(
        self, programme: Programme, data: Path, as_of: dt.datetime, only: frozenset[str] = frozenset(),
        base: Release | None = None, *, replay: bool = False, config_files: Mapping[str, bytes] | None = None,
    ) -> None:  # fmt: skip
        self.programme, self.data, self.as_of, self.only, self.base = programme, data, as_of, only, base
        self.replay = replay
        self.config_files = config_files
        self._dated: dict[dt.date, Programme] = {}

    def unit(self, key: str, deliveries: Sequence[Delivery]) -> Unit:
        """The unit under the mapping in force on the day of its newest delivery."""
        return self.unit_on(key, deliveries[-1].delivered_at.date()) if deliveries else self.programme.units[key]

    def unit_on(self, key: str, day: dt.date) -> Unit:
        """The unit under the mapping in force on a day; the same object for days under the same mapping."""
        unit = self.programme.units[key]
        begins = [d for d in site_dates(unit.folder) if d <= day]
        if not site_dates(unit.folder):
            return unit
        since = begins[-1] if begins else dt.date.min
        if since not in self._dated:
            self._dated[since] = load(self.programme.root, on=day, project=self.programme.project)
        return self._dated[since].units[key]

    def units(self, key: str, deliveries: Sequence[Delivery]) -> tuple[Unit, ...]:
        """The unit as each of several deliveries is read; empty where one mapping reads them all."""
        found = tuple(self.unit_on(key, d.delivered_at.date()) for d in deliveries)
        return found if len({id(u) for u in found}) > 1 else ()


@dataclass(frozen=True)
class Attempt:
    """A unit with the deliveries it is tried with; `back`: how many newer deliveries were passed over."""

    unit: Unit
    deliveries: tuple[Delivery, ...]
    mark: str
    back: int
    units: tuple[Unit, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(f.size for d in self.deliveries for f in d.files)


@dataclass(frozen=True)
class Failure:
    """A unit that could not be worked. `passing`: trying the same again may help."""

    key: str
    reason: str
    passing: bool


@dataclass(frozen=True)
class Placed:
    """A unit's output that goes into the release."""

    attempt: Attempt
    staged: Staged
    recomputed: bool


def batches(pending: Iterable[Attempt]) -> list[list[Attempt]]:
    """What is left to do, in batches of bounded size and about equal weight, so that no processor waits for the last one;
    sites of one profile stay together."""
    waiting = sorted(pending, key=lambda a: (a.unit.profile or "", a.unit.key))
    left = sum(map(_weight, waiting))
    alone = left <= 1
    out: list[list[Attempt]] = []
    filled = target = 0.0
    for attempt in waiting:
        weight = _weight(attempt)
        if not out or filled + weight / 2 > target:
            parts = max(1, math.ceil(left - 1e-9))
            while not alone and (len(out) + parts) % SIDE_BY_SIDE:
                parts += 1
            target, filled = left / parts, 0.0
            out.append([])
        out[-1].append(attempt)
        filled += weight
        left -= weight
    return out


def threads(batches: Sequence[Sequence[Attempt]]) -> int:
    """How many threads a batch computes on: all, when it is the only one and worth them."""
    return worth(sum(a.size for a in batches[0])) if len(batches) == 1 else 1


def worth(size: int) -> int:
    """How many threads so many bytes are worth: over small tables a second one costs more than it saves."""
    return SIDE_BY_SIDE if size > WORTH_THREADS else 1


def _weight(attempt: Attempt) -> float:
    """The part of a batch's bounds that a unit takes up."""
    return max(attempt.size / BATCH_BYTES, 1 / BATCH_UNITS)


def work(night: Night, attempts: Sequence[Attempt], on: int | None = None) -> list[Staged | Failure]:
    """Work one batch `on` so many threads; None: as many as it is worth, no other being worked beside it. Units that cannot be read are set
    aside; when it fails for another reason it is halved until the guilty unit stands alone. The others go on.

    Raises AccountingError, EditedError, MemoryError and the machine's own troubles (disk full): those are nobody's fault.
    """
    inputs = [MapInput(number, a.unit, a.deliveries, a.units) for number, a in enumerate(attempts)]
    try:
        for attempt in attempts:
            landed_as_received(attempt)
        with no_values():
            made = batch.work(night.programme, night.data, inputs, on or threads([attempts]))
        if {s.fingerprint for s in made} - {a.mark for a in attempts}:
            raise EditedError(batch.EDITED)
        return list(made)
    except (AccountingError, EditedError):
        raise
    except UnreadableError as error:
        rest = [a for a in attempts if a.unit.key not in error.units]
        return [*(_failure(key, e) for key, e in error.units.items()), *(work(night, rest, on) if rest else [])]
    except TrialweaveError as error:
        if _is_no_sites_fault(error):
            raise
        if len(attempts) == 1:
            return [_failure(attempts[0].unit.key, error)]
    half = len(attempts) // 2
    return [*work(night, attempts[:half], on), *work(night, attempts[half:], on)]


def _failure(key: str, error: TrialweaveError) -> Failure:
    return Failure(key, str(error) if str(error).startswith(key) else f"{key}: {error}", passing=not isinstance(error, ReadError))


def _is_no_sites_fault(error: TrialweaveError) -> bool:
    """A SQL model that cannot even be understood fails for every site; holding them one by one would hide it."""
    kinds = ("ParserException", "BinderException", "CatalogException")
    return isinstance(error, ModelError) and any(kind in str(error) for kind in kinds)


def landed_as_received(attempt: Attempt) -> None:
    """Raises ReadError when a landed file is no longer what was received."""
    for delivery in attempt.deliveries:
        landed.verify(delivery)
