"""Landing: each delivery of a site, byte for byte, under its hash, with a receipt; never changed afterwards.

What belongs here: copying files safely, the line of the log that makes them a delivery. What does not: where files come from (incoming.py),
which are needed (wanted.py), what lies there already (landed.py), reading it (flows/readers).

Only the standard library, its neighbours named here and schemas are imported: "nothing changed" must be answered at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flows.engine import incoming, keep_out, landed, lock
from flows.engine.landed import Arrival, Delivery, LandedFile
from flows.engine.wanted import RECEIPT
from flows.sources.place import Blocks
from schemas.findings import PassingError, ReadError

if TYPE_CHECKING:
    from flows.engine.config import Unit

_TEMPORARY = ".tmp-"
_PIECE = 2**20


def peek(unit: Unit, config_root: Path) -> str:
    """Hash the delivery that receive() would land now, without landing it; of a remote place, which only fetching tells of, a text that
    is never the same. Raises ReadError as receive() does.
    """
    if unit.site.source.kind != "files":
        return f"remote {secrets.token_hex(16)}"
    return landed.delivery_sha256(landed.hashed(unit.site.key, incoming.folder(unit, config_root).files).items())


def receive(data: Path, unit: Unit, config_root: Path, now: dt.datetime, blocks: Blocks | None = None) -> Delivery:
    """Land the site's export as it is now; the same content as the latest delivery is not landed again. `blocks` opens named secrets.

    Raises PassingError where trying again may help (a place that is away, a file that changes meanwhile), else ReadError: no file, a
    link out of the folder, a clock behind the last delivery, what a remote place refuses; LockedError when the folder's lock was lost.
    """
    site = unit.site
    arrived = landed.arrivals(data, site.study, site.site_id)
    is_lost = bool(arrived) and not (landed.home_of(data, site.study, site.site_id) / arrived[-1].delivery_id).exists()
    last = landed.opened(data, site.study, site.site_id, arrived[-1]) if arrived and not is_lost else None
    paths = {f.sha256: landed.file_path(last, f.name) for f in last.files} if last else {}
    here = {sha256: path for sha256, path in paths.items() if path.is_file()}
    with (
        incoming.export(data, unit, config_root, landed.utc(now), here, blocks) as export,
        keep_out.without_purged(landed.home_of(data, site.study, site.site_id), data, unit, export.files) as wanted,
    ):
        return _receive(data, unit, wanted, export, arrived[-1] if arrived else None, now)


def _receive(
    data: Path, unit: Unit, wanted: Mapping[str, Path], export: incoming.Export, last: Arrival | None, now: dt.datetime
) -> Delivery:
    site = unit.site
    home = landed.home_of(data, site.study, site.site_id)
    hashes = landed.hashed(site.key, wanted)
    sha256 = landed.delivery_sha256(hashes.items())
    if last is not None and last.sha256 == sha256:
        return _put_back(data, unit, wanted, hashes, export, last)
    at = landed.utc(now)
    if last is not None and at < last.delivered_at:
        raise ReadError(
            f"{site.key}: the clock says {_iso(at)}, but the last delivery arrived {_iso(last.delivered_at)}\n"
            "  fix   -> set this machine's clock right, then run again"
        )
    home.mkdir(parents=True, exist_ok=True)
    for stale in home.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    folder = home / sha256[:12]
    is_new = not folder.exists()
    if is_new:
        _land(unit, wanted, hashes, export, sha256, at, folder)
    delivery = landed.described(folder, site.study, site.site_id, sha256, at)
    if not is_new:
        landed.verify(delivery)
    lock.demand(data)
    _append(home / landed.LOG, {"delivery_id": delivery.delivery_id, "sha256": sha256, "delivered_at": _iso(at)})
    return delivery


def _put_back(
    data: Path, unit: Unit, wanted: Mapping[str, Path], hashes: Mapping[str, str], export: incoming.Export, last: Arrival
) -> Delivery:
    """The newest delivery, which came once more; what was lost of it in landing is there again, because these are the same bytes."""
    site = unit.site
    folder = landed.home_of(data, site.study, site.site_id) / last.delivery_id
    lost = [name for name in wanted if not (folder / name).is_file()]
    if lost and folder.exists():
        for name in lost:
            temporary = folder.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
            _copy(site.key, name, wanted[name], temporary, hashes[name])
            _sync(temporary)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            temporary.rename(folder / name)
            _sync((folder / name).parent)
    elif lost:
        _land(unit, wanted, hashes, export, last.sha256, last.delivered_at, folder)
    if lost:
        from flows.engine.seen import log

        log.tell("landing_put_back", level=logging.WARNING, study=site.study, site=site.site_id, files=len(lost))
    there = landed.opened(data, site.study, site.site_id, last)
    if not landed.is_there(data, site.study, site.site_id):
        landed.verify(there)
    return there


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


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
