"""A lease on a shared folder: who may write into it, told by numbered files that only their holder renews.

What belongs here: taking, renewing, losing and giving back a lease. What does not: the lock of one machine (lock.py).

    .leases/<number>.json     holder, a count that goes up while the holder lives, whether it was given back

The highest number holds. The next one is claimed by creating its file, which only one of many can. No two clocks are compared: whoever
finds a lease that was not given back watches its count by its own clock, and takes over when it has stood still for as long as the
holder promised to renew it in. A holder that was asleep meanwhile finds a higher number than its own and must stop.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = ".leases"
#: A holder that was not heard of for so long is dead; the same for every machine that shares the folder.
LEASE_S = float(os.environ.get("TRIALWEAVE_LEASE_S", "60"))
_BEATS = 6
_TRIES = 20
Record = dict[str, Any]


class LeasedError(Exception):
    """Somebody else holds the lease, and lives."""

    def __init__(self, holder: Record) -> None:
        super().__init__()
        self.holder = holder


def kernel() -> str:
    """What tells this running system from any other, also from itself after a restart."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _here(folder: Path) -> Record:
    """Among whom the operating system's lock of a folder decides: one running system, and one mount on it. Two containers of one machine
    that mount a share each know nothing of each other's locks."""
    return {"kernel": kernel(), "mount": folder.stat().st_dev}


@dataclass
class Lease:
    """A lease that is held, renewed by a thread until it is given back. `from_elsewhere`: the one before was held on another machine or
    mount, so that what this one remembers of the folder may be old."""

    path: Path
    record: Record
    from_elsewhere: bool = False
    _over: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        threading.Thread(target=self._renew, name="lease", daemon=True).start()

    def is_held(self) -> bool:
        """Whether it is still the highest one. A name is made and taken away first: that makes a machine look again which is told to trust
        what it remembers of a folder."""
        asked = self.path.with_name(f".ask-{self.record['token']}")
        with suppress(OSError):
            asked.touch()
            asked.unlink(missing_ok=True)
        return _newest(self.path.parent) == int(self.path.stem)

    def give_back(self) -> None:
        """Let the next one take it at once; where the share is away just now, that one waits until the lease has run out."""
        self._over.set()
        with suppress(OSError):
            self._write(released=True)

    def _renew(self) -> None:
        while not self._over.wait(self.record["lease_s"] / _BEATS):
            with suppress(OSError):  # a share that is away for a moment; when it stays away, somebody else takes over
                if not self.is_held():
                    return
                self._write(beat=self.record["beat"] + 1)

    def _write(self, **change: Any) -> None:
        """Change the record in place; a file that is gone is not made again."""
        with self._writing:
            if self.record["released"]:
                return
            self.record |= change
            with suppress(FileNotFoundError), self.path.open("r+b") as file:
                file.write(_encode(self.record))
                file.truncate()


def take(folder: Path, *, alone_here: bool) -> tuple[Lease, Record | None]:
    """Take the lease of a folder; also returns the record of a dead holder whose place was taken, if any.

    `alone_here`: nobody else on this running system holds it, as an operating system's lock says. Raises LeasedError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(_TRIES):
        number = _newest(folder)
        left: Record | None = None
        found = _read(folder, number) if number else {}
        if number and not found.get("released"):
            _refuse_if_alive(folder, number, found, alone_here=alone_here)
            left = found
        lease = _claim(folder, number + 1)
        if lease is not None:
            lease.from_elsewhere = bool(number) and not _is_of_here(folder, found)
            for old in folder.glob("*.json"):
                if old.stem.isdigit() and int(old.stem) < number:
                    old.unlink(missing_ok=True)
            return lease, left
    raise LeasedError({})


def newest(folder: Path) -> Record:
    """The record of whoever holds the lease, or held it last; empty when nobody did."""
    return _read(folder, _newest(folder)) if folder.is_dir() else {}


def _refuse_if_alive(folder: Path, number: int, found: Record, *, alone_here: bool) -> None:
    """Return when a holder is dead. Raises LeasedError as soon as it shows that it lives, or somebody else has taken over."""
    if alone_here and _is_of_here(folder, found):
        return
    before, period = _bytes(folder, number), float(found.get("lease_s", LEASE_S))
    end = time.monotonic() + period
    while time.monotonic() < end:
        time.sleep(min(period / _BEATS / 4, 0.5))
        if _bytes(folder, number) != before or _newest(folder) != number:
            now = _read(folder, _newest(folder))
            if now.get("released"):
                return
            raise LeasedError(now or found)


def _is_of_here(folder: Path, found: Record) -> bool:
    """Whether a record was written on this running system by way of this mount."""
    return {name: found.get(name) for name in ("kernel", "mount")} == _here(folder)


def _claim(folder: Path, number: int) -> Lease | None:
    """Create the file of a number, whole from its first moment; None when somebody else has."""
    record: Record = {
        "token": uuid.uuid4().hex, "pid": str(os.getpid()), "host": socket.gethostname(), **_here(folder),
        "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "lease_s": LEASE_S, "beat": 0, "released": False,
    }  # fmt: skip
    path, temporary = folder / f"{number:08d}.json", folder / f".tmp-{record['token']}"
    try:
        temporary.write_bytes(_encode(record))
        _link(temporary, path)
    except FileExistsError:
        if _read(folder, number).get("token") != record["token"]:  # else it is ours: the share's answer was lost, and it was asked again
            return None
    finally:
        temporary.unlink(missing_ok=True)
    if _newest(folder) != number:  # a number that others have passed and cleared away long ago
        path.unlink(missing_ok=True)
        return None
    return Lease(path, record)


def _link(temporary: Path, path: Path) -> None:
    """Give a file its name unless the name is taken; some shares know no links, but every one knows exclusive creation."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        with path.open("xb") as file:
            file.write(temporary.read_bytes())


def _newest(folder: Path) -> int:
    """The highest number; 0 when there is none."""
    return max((int(p.stem) for p in folder.iterdir() if p.suffix == ".json" and p.stem.isdigit()), default=0)


def _bytes(folder: Path, number: int) -> bytes:
    try:
        return (folder / f"{number:08d}.json").read_bytes()
    except OSError:
        return b""


def _read(folder: Path, number: int) -> Record:
    """A record; empty when it cannot be read just now: it is being written, and its holder lives, or it never will be."""
    try:
        found = json.loads(_bytes(folder, number))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _encode(record: Record) -> bytes:
    return json.dumps(record).encode() + b"\n"
