"""One writer per data folder: a lock that names its holder.

What belongs here: taking and giving back the lock. What does not: what is done under it.
The operating system frees the lock of a process that died, so a killed run never blocks the next one on the same host.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from schemas.findings import TrialweaveError

NAME = ".lock"
_held: dict[Path, int] = {}


class LockedError(TrialweaveError):
    """Another run writes into this data folder."""


@contextmanager
def writing(data: Path, purpose: str = "run") -> Iterator[dict[str, str] | None]:
    """Hold the data folder for writing; yields the leftover of a dead holder whose place was taken, or None.

    May be nested within one process. Raises LockedError naming the holder.
    """
    data.mkdir(parents=True, exist_ok=True)
    key = data.resolve()
    if _held.get(key):
        _held[key] += 1
        try:
            yield None
        finally:
            _held[key] -= 1
        return
    with (key / NAME).open("a+", encoding="utf-8") as file:
        leftover = _take(file, key)
        _held[key] = 1
        try:
            yield leftover
        finally:
            _held[key] -= 1
            file.truncate(0)


def _take(file: IO[str], data: Path) -> dict[str, str] | None:
    """Lock the file and write this process into it; returns who was left in it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise LockedError(f"{data} is being written by {_name(_read(file))}\n  fix -> wait for it to end, or stop it") from None
    left = _read(file)
    here = socket.gethostname()
    if left and left.get("host") != here and os.environ.get("TRIALWEAVE_BREAK_LOCK") != "1":
        raise LockedError(
            f"{data} was last written by {_name(left)}, which did not end well and is on another host\n"
            f"  fix -> when nothing runs there any more: rm {data / NAME}"
        )
    file.seek(0)
    file.truncate()
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    json.dump({"pid": str(os.getpid()), "host": here, "since": since}, file)
    file.flush()
    return left or None


def _read(file: IO[str]) -> dict[str, str]:
    file.seek(0)
    try:
        found = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _name(holder: dict[str, str]) -> str:
    if not holder:
        return "another process"
    return f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
