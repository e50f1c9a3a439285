"""Landing: each delivery of a site, byte for byte, under its hash, with a receipt; never changed afterwards.

What belongs here: copying files safely, the log of deliveries, checking landed bytes.
What does not: where files come from (incoming.py), which are needed (wanted.py), reading them (flows/readers).

    landing/<study>/<site>/<sha256[:12]>/       original files + receipt.json
    landing/<study>/<site>/deliveries.jsonl     one line a delivery, oldest first; the same content may come again

Only the standard library, incoming.py, keep_out.py, lock.py and schemas are imported: "nothing changed" must be answered at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.engine import incoming, keep_out, lock
from flows.engine.wanted import RECEIPT
from flows.sources.place import Blocks
from schemas.findings import PassingError, ReadError

if TYPE_CHECKING:
    from flows.engine.config import Unit

LOG = "deliveries.jsonl"
_TEMPORARY = ".tmp-"
_PIECE = 2**20
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


def peek(unit: Unit, config_root: Path) -> str:
    """Hash the delivery that receive() would land now, without landing it; of a remote place, which only fetching tells of, a text that
    is never the same. Raises ReadError as receive() does.
    """
    if unit.site.source.kind != "files":
        return f"remote {secrets.token_hex(16)}"
    return delivery_sha256(_hashed(unit.site.key, incoming.folder(unit, config_root).files).items())


def receive(data: Path, unit: Unit, config_root: Path, now: dt.datetime, blocks: Blocks | None = None) -> Delivery:
    """Land the site's export as it is now; the same content as the latest delivery is not landed again. `blocks` opens named secrets.

    Raises PassingError where trying again may help (a place that is away, a file that changes meanwhile), else ReadError: no file, a
    link out of the folder, a clock behind the last delivery, what a remote place refuses; LockedError when the folder's lock was lost.
    """
    site = unit.site
    arrived = arrivals(data, site.study, site.site_id)
    last = opened(data, site.study, site.site_id, arrived[-1]) if arrived else None
    landed = {f.sha256: file_path(last, f.name) for f in last.files} if last else {}
    here = {sha256: path for sha256, path in landed.items() if path.is_file()}
    with (
        incoming.export(data, unit, config_root, _utc(now), here, blocks) as export,
        keep_out.without_purged(home_of(data, site.study, site.site_id), data, unit, export.files) as wanted,
    ):
        return _receive(data, unit, wanted, export, last, now)


def _receive(
    data: Path, unit: Unit, wanted: Mapping[str, Path], export: incoming.Export, last: Delivery | None, now: dt.datetime
) -> Delivery:
    site = unit.site
    hashes = _hashed(site.key, wanted)
    sha256 = delivery_sha256(hashes.items())
    if last is not None and last.sha256 == sha256:
        return last
    at = _utc(now)
    if last is not None and at < last.delivered_at:
        raise ReadError(
            f"{site.key}: the clock says {_iso(at)}, but the last delivery arrived {_iso(last.delivered_at)}\n"
            "  fix   -> set this machine's clock right, then run again"
        )
    home = home_of(data, site.study, site.site_id)
    home.mkdir(parents=True, exist_ok=True)
    for stale in home.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(stale)
    folder = home / sha256[:12]
    is_new = not folder.exists()
    if is_new:
        _land(unit, wanted, hashes, export, sha256, at, folder)
    delivery = _delivery(folder, site.study, site.site_id, sha256, at)
    if not is_new:
        verify(delivery)
    lock.demand(data)
    _append(home / LOG, {"delivery_id": delivery.delivery_id, "sha256": sha256, "delivered_at": _iso(at)})
    return delivery


def arrivals(data: Path, study: str, site: str, as_of: dt.datetime | None = None) -> list[Arrival]:
    """When what came of a site by `as_of` (inclusive), oldest first; what came again is listed again. Reads no receipt, of which there is
    one a night after years.

    Raises ReadError: a damaged log.
    """
    limit = _utc(as_of) if as_of is not None else None
    out = []
    for number, line in enumerate(_log_lines(home_of(data, study, site) / LOG), start=1):
        try:
            entry = json.loads(line)
            arrival = Arrival(str(entry["sha256"]), _utc(dt.datetime.fromisoformat(entry["delivered_at"])))
        except (ValueError, KeyError, TypeError):
            what = f"{study}/{site}: line {number} of landing/{study}/{site}/{LOG} is damaged"
            raise ReadError(f"{what}\n  fix   -> restore landing from a backup") from None
        if limit is None or arrival.delivered_at <= limit:
            out.append(arrival)
    return sorted(out, key=lambda a: a.delivered_at)


def opened(data: Path, study: str, site: str, arrival: Arrival) -> Delivery:
    """A delivery as its receipt describes it. Raises ReadError: a damaged receipt."""
    return _delivery(home_of(data, study, site) / arrival.delivery_id, study, site, arrival.sha256, arrival.delivered_at)


def deliveries(data: Path, study: str, site: str, as_of: dt.datetime | None = None) -> list[Delivery]:
    """All deliveries of a site that had arrived by `as_of`, as `arrivals`. Raises ReadError: a damaged log or receipt."""
    return [opened(data, study, site, arrival) for arrival in arrivals(data, study, site, as_of)]


def verify(delivery: Delivery) -> None:
    """Hash the landed files again. Raises ReadError when one is missing, changed or too many."""
    landed = {p.relative_to(delivery.folder).as_posix(): p for p in delivery.folder.rglob("*") if not p.is_dir()}
    landed.pop(RECEIPT, None)
    told = {f.name: f.sha256 for f in delivery.files}
    hashes = _hashed(delivery.key, {name: path for name, path in landed.items() if name in told})
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


def _hashed(key: str, wanted: Mapping[str, Path]) -> dict[str, str]:
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


def _land(
    unit: Unit,
    wanted: Mapping[str, Path],
    hashes: Mapping[str, str],
    export: incoming.Export,
    sha256: str,
    at: dt.datetime,
    folder: Path,
) -> None:
    """Copy into a temporary folder, make it durable, then give it its name by one rename."""
    site = unit.site
    work = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder.parent))
    try:
        files = [_copy(site.key, name, path, work / name, hashes[name]) for name, path in wanted.items()]
        for name in wanted:  # after the last was written: a disk that is asked for all takes much less than for one after the other
            _sync(work / name)
        receipt = {
            "study": site.study,
            "site": site.site_id,
            "source": export.source,
            "delivered_at": _iso(at),
            "sha256": sha256,
            "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in files],
            "left_out": list(export.left_out),
        }
        with (work / RECEIPT).open("w", encoding="utf-8") as file:
            json.dump(receipt, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        (work / RECEIPT).chmod(0o444)
        for inner in [p for p in work.rglob("*") if p.is_dir()] + [work]:
            inner.chmod(0o755)
            _sync(inner)
        work.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise ReadError(f"{site.key}: landing failed ({error.strerror}); nothing was landed") from None
    finally:
        if work.exists():
            shutil.rmtree(work)


def _copy(key: str, name: str, source: Path, target: Path, expected: str) -> LandedFile:
    """Copy one file, not yet durably; what was hashed before and what is copied must be the same. What lies there is hashed again before it
    is read (night.landed_as_received)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reading, target.open("xb") as writing:
        before = os.fstat(reading.fileno())
        while piece := reading.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            writing.write(piece)
    after = source.stat()
    same = (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)
    if not same or size != after.st_size or digest.hexdigest() != expected:
        raise PassingError(f"{key}: {name} changed while it was copied\n  fix   -> run again when the export is complete")
    target.chmod(0o444)
    return LandedFile(name, size, expected)


def _delivery(folder: Path, study: str, site: str, sha256: str, at: dt.datetime) -> Delivery:
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


def _append(log: Path, entry: Mapping[str, str]) -> None:
    """Add one line that is either wholly there or, after a crash, cut off and overwritten by the next."""
    with log.open("ab+") as file:
        file.seek(0)
        whole = file.read()
        file.truncate(whole.rfind(b"\n") + 1)
        file.write(json.dumps(entry).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _sync(log.parent)


def _sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone; give it in UTC")
    return moment.astimezone(dt.UTC)


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
