"""One night's work: which delivery of each unit is tried, what is reused, which batches remain, which unit is held.

What belongs here: the decisions between pulling and publishing, as plain functions. What does not: computing a batch
(batch.py), writing the release (assemble.py, releases.py), Prefect (flows/nightly.py and its stages).

Every unit enters with its newest delivery. One that cannot be used (unreadable, too many rows rejected) is tried with the
delivery before it, and so on: that is how the last good data of a held site stay in the release, made by today's code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from flows.engine import batch, landing
from flows.engine.batch import Staged
from flows.engine.config import Programme, Unit, load, site_dates
from flows.engine.fingerprint import code_sha256, fingerprint
from flows.engine.guard import no_values
from flows.engine.landing import Delivery
from flows.engine.mapping import MapInput
from flows.engine.models import ModelError
from flows.engine.releases import Release
from schemas.findings import AccountingError, ReadError, TrialweaveError

#: A batch is bounded by bytes and by sites, because both cost memory; measured at 0.45 GB a batch beside 0.4 GB once.
BATCH_BYTES = 5_500_000
BATCH_UNITS = 40
#: Batches worked at the same time, each on one thread: two processors are kept busy better than by one batch on two.
SIDE_BY_SIDE = 2
MAX_STEPS_BACK = 5


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
        base: Release | None = None, *, replay: bool = False,
    ) -> None:  # fmt: skip
        self.programme, self.data, self.as_of, self.only, self.base = programme, data, as_of, only, base
        self.replay = replay
        self._dated: dict[dt.date, Programme] = {}

    def unit(self, key: str, deliveries: Sequence[Delivery]) -> Unit:
        """The unit under the mapping in force on the day of its newest delivery."""
        unit = self.programme.units[key]
        if not deliveries or not site_dates(unit.folder):
            return unit
        day = deliveries[-1].delivered_at.date()
        if day not in self._dated:
            self._dated[day] = load(self.programme.root, on=day)
        return self._dated[day].units[key]


@dataclass(frozen=True)
class Attempt:
    """A unit with the deliveries it is tried with; `back`: how many newer deliveries were passed over."""

    unit: Unit
    deliveries: tuple[Delivery, ...]
    mark: str
    back: int

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


class Roster:
    """Where every unit stands: placed, still to be worked, or without anything to show. No dataclass, as Night."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.placed: dict[str, Placed] = {}
        self.pending: dict[str, Attempt] = {}
        self.reasons: dict[str, str] = {}
        self.missing: set[str] = set()
        self.passing: set[str] = set()

    @property
    def recomputed(self) -> list[str]:
        """Units that were worked anew and are in the release."""
        return sorted(k for k, p in self.placed.items() if p.recomputed)

    @property
    def degraded(self) -> bool:
        """Some unit is not in the release as its newest delivery."""
        return bool(self.reasons)

    @property
    def work_left(self) -> bool:
        """Some unit waits for a batch."""
        return bool(self.pending)


def enter(night: Night, troubles: dict[str, str]) -> Roster:
    """Every unit with its newest delivery; `troubles`: unit -> why its source could not be pulled tonight."""
    roster = Roster(night)
    for key in sorted(night.programme.units):
        if key in troubles:
            roster.reasons[key] = troubles[key]
            roster.missing.add(key)
        if not _keep(roster, key):
            _try(roster, key, 0)
    return roster


def _keep(roster: Roster, key: str) -> bool:
    """When some sites are replayed, the others stay as they are in that night's release, if this code made it."""
    night = roster.night
    base = night.base
    if not night.replay or not night.only or key in night.only or base is None or base.manifest["code_sha256"] != code_sha256():
        return False
    entry = next((e for e in base.manifest["sites"] if e["unit"] == key and e["fingerprint"]), None)
    if entry is None:
        return False
    unit = night.programme.units[key]
    mark = entry["fingerprint"]
    found = batch.load_staged(batch.staged_folder(night.data, unit.site.study, unit.site.site_id, mark), key, mark)
    if found is None or not _is_whole(found):
        return False
    if entry["reason"]:
        roster.reasons[key] = entry["reason"]
    roster.placed[key] = Placed(Attempt(unit, (), mark, 0), found, recomputed=False)
    return True


def _try(roster: Roster, key: str, back: int) -> None:
    """Let a unit wait for work with its `back`-th newest delivery; output that is there already is taken at once."""
    night = roster.night
    attempt = None
    try:
        attempt = _attempt(night, key, back)
    except TrialweaveError as error:
        roster.reasons.setdefault(key, str(error))
    if attempt is None:
        roster.pending.pop(key, None)
        roster.reasons.setdefault(key, f"{key}: nothing has been delivered yet")
        return
    roster.pending[key] = attempt
    folder = batch.staged_folder(night.data, attempt.unit.site.study, attempt.unit.site.site_id, attempt.mark)
    found = batch.load_staged(folder, key, attempt.mark)
    if found is not None and _is_whole(found):
        _settle(roster, found, recomputed=False)


def _attempt(night: Night, key: str, back: int) -> Attempt | None:
    site = night.programme.units[key].site
    known = landing.deliveries(night.data, site.study, site.site_id, night.as_of)
    known = known[: len(known) - back]
    if not known or back > MAX_STEPS_BACK:
        return None
    unit = night.unit(key, known)
    used = tuple(known) if unit.site.delivery == "delta" else (known[-1],)
    return Attempt(unit, used, fingerprint(night.programme, unit, used), back)


def _is_whole(staged: Staged) -> bool:
    """All files a receipt names are there and not empty (a crash of the machine can leave them so)."""
    paths = [staged.folder / e["file"] for of in staged.receipt["files"].values() for e in of.values()]
    return all(p.is_file() and p.stat().st_size for p in [*paths, staged.folder / "findings.parquet"])


def batches(roster: Roster) -> list[list[Attempt]]:
    """What is left to do, in batches of bounded size; sites of one profile stay together."""
    out: list[list[Attempt]] = []
    filled = 0
    for attempt in sorted(roster.pending.values(), key=lambda a: (a.unit.profile or "", a.unit.key)):
        if not out or filled + attempt.size > BATCH_BYTES or len(out[-1]) == BATCH_UNITS:
            out.append([])
            filled = 0
        out[-1].append(attempt)
        filled += attempt.size
    return out


def work(night: Night, attempts: Sequence[Attempt], threads: int = SIDE_BY_SIDE) -> list[Staged | Failure]:
    """Work one batch. When it fails it is halved until the guilty unit stands alone; the others go on.

    Raises AccountingError, MemoryError and the machine's own troubles (disk full): those are nobody's fault.
    """
    inputs = [MapInput(number, a.unit, a.deliveries) for number, a in enumerate(attempts)]
    try:
        if len(attempts) == 1:
            landed_as_received(attempts[0])
        with no_values():
            return list(batch.work(night.programme, night.data, inputs, threads))
    except AccountingError:
        raise
    except TrialweaveError as error:
        if _is_no_sites_fault(error):
            raise
        if len(attempts) == 1:
            key = attempts[0].unit.key
            told = str(error) if str(error).startswith(key) else f"{key}: {error}"
            return [Failure(key, told, passing=not isinstance(error, ReadError))]
    half = len(attempts) // 2
    return [*work(night, attempts[:half], threads), *work(night, attempts[half:], threads)]


def _is_no_sites_fault(error: TrialweaveError) -> bool:
    """A SQL model that cannot even be understood fails for every site; holding them one by one would hide it."""
    kinds = ("ParserException", "BinderException", "CatalogException")
    return isinstance(error, ModelError) and any(kind in str(error) for kind in kinds)


def landed_as_received(attempt: Attempt) -> None:
    """Raises ReadError when a landed file is no longer what was received."""
    for delivery in attempt.deliveries:
        landing.verify(delivery)


def settle(roster: Roster, results: Iterable[Staged | Failure]) -> Roster:
    """Take in what batches gave: place it, or hold the unit and try the delivery before."""
    for result in results:
        if isinstance(result, Staged):
            _settle(roster, result, recomputed=True)
        else:
            if result.passing:
                roster.passing.add(result.key)
            _hold(roster, result.key, result.reason)
    return roster


def _settle(roster: Roster, staged: Staged, recomputed: bool) -> None:
    attempt = roster.pending[staged.unit_key]
    why = over_threshold(attempt.unit, staged)
    if why:
        _hold(roster, staged.unit_key, why)
        return
    roster.placed[staged.unit_key] = Placed(roster.pending.pop(staged.unit_key), staged, recomputed)


def _hold(roster: Roster, key: str, reason: str) -> None:
    back = roster.pending.pop(key).back
    roster.reasons.setdefault(key, reason)
    _try(roster, key, back + 1)


def over_threshold(unit: Unit, staged: Staged) -> str:
    """Why a delivery is held for its rejected rows; empty when it is not."""
    totals: dict[str, list[int]] = {}
    for name, site in staged.receipt["sites"].items():
        noted = staged.receipt.get("dropped", {}).get(name, {})
        for table, n in site["tables"].items():
            total = totals.setdefault(table, [0, 0])
            total[0] += n["received"]
            total[1] += n["quarantined"] - noted.get(table, 0)
    limit = unit.trial.holding
    for table, (received, quarantined) in totals.items():
        if quarantined >= max(limit.min_rows, 1) and 100 * quarantined > limit.max_rejected_pct * received:
            pct = 100 * quarantined / received
            return (
                f"{unit.key}: {quarantined} of {received} {table} rows were rejected ({pct:.0f} %, more than "
                f"{limit.max_rejected_pct:g} %); the delivery is held\n"
                f"  look -> trialweave findings --site {unit.key} --held\n"
                f"  fix  -> correct the mapping in sites/{unit.folder.name}/site.yaml, or ask the site for a new export"
            )
    return ""


def pool(roster: Roster) -> list[Staged]:
    """The sets that need a whole trial, one staged folder a trial; reused when no score of it changed."""
    studies: dict[str, list[Staged]] = {}
    for key in sorted(roster.placed):
        placed = roster.placed[key]
        studies.setdefault(placed.attempt.unit.site.study, []).append(placed.staged)
    out = []
    for study, staged in sorted(studies.items()):
        with no_values():
            out.append(batch.pool(roster.night.programme, roster.night.data, study, staged))
    return out
