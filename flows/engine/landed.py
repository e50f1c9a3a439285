"""What lies in landing: the log of a site's deliveries, their receipts, and whether their bytes are still as they were received.

What belongs here: reading. What does not: landing a delivery (landing.py), reading its files as tables (flows/readers).

    landing/<study>/<site>/<sha256[:12]>/       original files + receipt.json
    landing/<study>/<site>/deliveries.jsonl     one line a delivery, oldest first; the same content may come again

Only the standard library and schemas are imported: "nothing changed" must be answered at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.engine.wanted import RECEIPT
from schemas.findings import ReadError

LOG = "deliveries.jsonl"
_MUCH = 2**24


@dataclass(frozen=True)
class LandedFile:
    """One file of a delivery. `name` is its path within the export, with /."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Arrival:
    """A line of a site's log: which delivery came, and when (UTC). What it holds is told by its receipt, which is not read yet."""

    sha256: str
    delivered_at: dt.datetime

    @property
    def delivery_id(self) -> str:
        """The name of its folder."""
        return self.sha256[:12]


@dataclass(frozen=True)
class Delivery:
    """What a site sent once: the landed files under `folder`, and when they arrived (UTC).

    `left_out` are files of the source that no table of the mapping names; a person should know of them.
    """

    study: str
    site: str
    delivery_id: str
    sha256: str
    folder: Path
    files: tuple[LandedFile, ...]
    delivered_at: dt.datetime
    left_out: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """study/site (delivery), for messages."""
        return f"{self.study}/{self.site} ({self.delivery_id})"


def arrivals(data: Path, study: str, site: str, as_of: dt.datetime | None = None) -> list[Arrival]:
    """When what came of a site by `as_of` (inclusive), oldest first; what came again is listed again. Reads no receipt, of which there is
    one a night after years.

    Raises ReadError: a damaged log.
    """
    limit = utc(as_of) if as_of is not None else None
    out = []
    for number, line in enumerate(_log_lines(home_of(data, study, site) / LOG), start=1):
        try:
            entry = json.loads(line)
            arrival = Arrival(str(entry["sha256"]), utc(dt.datetime.fromisoformat(entry["delivered_at"])))
        except (ValueError, KeyError, TypeError):
            what = f"{study}/{site}: line {number} of landing/{study}/{site}/{LOG} is damaged"
            raise ReadError(f"{what}\n  fix   -> restore landing from a backup") from None
        if limit is None or arrival.delivered_at <= limit:
            out.append(arrival)
    return sorted(out, key=lambda a: a.delivered_at)


def opened(data: Path, study: str, site: str, arrival: Arrival) -> Delivery:
    """A delivery as its receipt describes it. Raises ReadError: a damaged receipt."""
    return described(home_of(data, study, site) / arrival.delivery_id, study, site, arrival.sha256, arrival.delivered_at)


def deliveries(data: Path, study: str, site: str, as_of: dt.datetime | None = None) -> list[Delivery]:
    """All deliveries of a site that had arrived by `as_of`, as `arrivals`. Raises ReadError: a damaged log or receipt."""
    return [opened(data, study, site, arrival) for arrival in arrivals(data, study, site, as_of)]


def is_there(data: Path, study: str, site: str) -> bool:
    """Whether the files of the newest delivery are there and as long as its receipt says; nothing is hashed."""
    try:
        known = arrivals(data, study, site)
        newest = opened(data, study, site, known[-1]) if known else None
    except ReadError:
        return False
    paths = {file_path(newest, f.name): f.size for f in newest.files} if newest is not None else {}
    return newest is not None and all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def lost(data: Path) -> list[str]:
    """Sites (study/site) whose newest delivery is not all there."""
    homes = sorted(log.parent for log in (data / "landing").glob(f"*/*/{LOG}") if log.stat().st_size)
    return [f"{h.parent.name}/{h.name}" for h in homes if not is_there(data, h.parent.name, h.name)]


def verify(delivery: Delivery) -> None:
    """Hash the landed files again. Raises ReadError when one is missing, changed or too many."""
    landed = {p.relative_to(delivery.folder).as_posix(): p for p in delivery.folder.rglob("*") if not p.is_dir()}
    landed.pop(RECEIPT, None)
    told = {f.name: f.sha256 for f in delivery.files}
    hashes = hashed(delivery.key, {name: path for name, path in landed.items() if name in told})
    wrong = sorted({*told.items()} ^ {*hashes.items()}) + [(name, "") for name in sorted(landed.keys() - told.keys())]
    if wrong:
        raise ReadError(
            f"{delivery.key}: {len({name for name, _ in wrong})} landed file(s) are not as received\n"
            f"  first -> {wrong[0][0]}\n  fix   -> restore landing from a backup; landed files must never be changed"
        )
    if delivery_sha256(told.items()) != delivery.sha256:
        raise ReadError(f"{delivery.key}: the receipt does not belong to this delivery\n  fix   -> restore landing from a backup")


def delivery_sha256(files: Iterable[tuple[str, str]]) -> str:
    """sha256 over the sorted (name, sha256) of the files."""
    return hashlib.sha256("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files)).encode()).hexdigest()


def file_path(delivery: Delivery, name: str) -> Path:
    """Where a file of a delivery lies. Raises ReadError for a name that leads out of it."""
    if name.startswith("/") or ".." in name.split("/"):
        raise ReadError(f"{delivery.key}: {name!r} leads out of the delivery")
    return delivery.folder / name


def described(folder: Path, study: str, site: str, sha256: str, at: dt.datetime) -> Delivery:
    """A landed folder as its receipt describes it."""
    try:
        receipt: dict[str, Any] = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        files = tuple(LandedFile(str(f["name"]), int(f["size"]), str(f["sha256"])) for f in receipt["files"])
        left_out = tuple(str(name) for name in receipt.get("left_out", ()))
        same = receipt["sha256"] == sha256
    except (OSError, ValueError, KeyError, TypeError):
        what = f"{study}/{site}: the receipt of delivery {folder.name} is missing or damaged"
        raise ReadError(f"{what}\n  fix   -> restore landing from a backup") from None
    if not same:
        what = f"{study}/{site}: the receipt of delivery {folder.name} is of another delivery"
        raise ReadError(f"{what}\n  fix   -> restore landing from a backup")
    delivery = Delivery(study, site, folder.name, sha256, folder, files, at, left_out)
    for file in files:
        file_path(delivery, file.name)
    return delivery


def home_of(data: Path, study: str, site: str) -> Path:
    """The folder of a site's deliveries."""
    return data / "landing" / study / site


def _log_lines(log: Path) -> list[str]:
    """Whole lines of the log; a last line without its end was cut by a crash and never counted."""
    if not log.is_file():
        return []
    return log.read_text(encoding="utf-8").split("\n")[:-1]


def hashed(key: str, wanted: Mapping[str, Path]) -> dict[str, str]:
    """Name -> sha256, two files at a time where there is much to read; threads cost more than small files."""
    try:
        if sum(path.stat().st_size for path in wanted.values()) < _MUCH:
            return {name: _sha256(path) for name, path in wanted.items()}
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(wanted, pool.map(_sha256, wanted.values()), strict=True))
    except OSError as error:
        raise ReadError(f"{key}: a file cannot be read ({error.strerror}): {Path(error.filename or '').name}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def utc(moment: dt.datetime) -> dt.datetime:
    """A moment in UTC. Raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone; give it in UTC")
    return moment.astimezone(dt.UTC)
