"""One writer per data folder, on one machine and across machines: a lock that names its holder.

What belongs here: taking and giving back the lock. What does not: the lease that holds it across machines (lease.py), what is done
under it. On one machine the operating system frees the lock of a process that died, so a killed run never blocks the next one; that of
another machine that died is taken over when its lease has run out.
"""

from __future__ import annotations

import errno
import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flows.engine import lease, share
from flows.engine.lease import Lease, LeasedError
from schemas.findings import TrialweaveError

NAME = ".lock"
#: Seconds between two tries at a folder that is held.
PAUSE_S = (5.0, 15.0)


@dataclass
class _Held:
    lease: Lease
    times: int = 1


_held: dict[Path, _Held] = {}
_left: dict[Path, dict[str, Any]] = {}


class LockedError(TrialweaveError):
    """Another run writes into this data folder."""


@contextmanager
def writing(data: Path, wait_s: float = 0) -> Iterator[dict[str, Any] | None]:
    """Hold the data folder for writing; yields the leftover of a dead holder whose place was taken, or None.

    May be nested within one process. A folder that is held is tried again, after uneven pauses, for `wait_s` seconds. Raises LockedError
    naming the holder; that of another machine is watched for as long as its lease lasts before it counts as dead.
    """
    end = time.monotonic() + wait_s
    with ExitStack() as held:
        while True:
            try:
                leftover = held.enter_context(_writing(data))
                break
            except LockedError:
                left = end - time.monotonic()
                if left <= 0:
                    raise
                _tell_waiting(left)
                time.sleep(min(left, random.uniform(*PAUSE_S)))  # two that wait do not ask at the same moment
        yield leftover


def _tell_waiting(left_s: float) -> None:
    from flows.engine.seen import log  # it needs LockedError

    log.tell("data_folder_held", wait_s=round(left_s))


@contextmanager
def _writing(data: Path) -> Iterator[dict[str, Any] | None]:
    data.mkdir(parents=True, exist_ok=True)
    key = data.resolve()
    if (held := _held.get(key)) is not None:
        held.times += 1
        try:
            yield None
        finally:
            held.times -= 1
        return
    with (key / NAME).open("a+", encoding="utf-8") as file:
        alone_here = _take_here(file, key)
        try:
            taken, leftover = lease.take(key / lease.FOLDER, alone_here=alone_here)
        except LeasedError as error:
            raise _locked(key, error.holder) from None
        if taken.from_elsewhere:
            share.look_afresh(key)
        _held[key] = _Held(taken)
        if leftover:
            _left[key] = leftover
        try:
            yield leftover
        finally:
            del _held[key]
            taken.give_back()


def left_by(data: Path) -> dict[str, Any] | None:
    """The dead holder whose place this process took, told once: whoever takes the lock first need not be who writes it down."""
    return _left.pop(data.resolve(), None)


def demand(data: Path) -> None:
    """Raises LockedError when this process held the folder and somebody else has taken over, because it was not heard of for too long."""
    held = _held.get(data.resolve())
    if held is not None and not held.lease.is_held():
        raise LockedError(
            f"{data} was taken over by another run, because this one was not heard of for {held.lease.record['lease_s']:.0f} s\n"
            "  fix -> nothing; this run ends and what it staged is used by the next one"
        )


def put_in_place(data: Path, temporary: Path, final: Path) -> None:
    """Give what was made under a temporary name its final one, in one step. Raises LockedError when the lock was lost.

    A holder that falls asleep between being asked and the step cannot do it either: whoever takes over clears temporary names away first.
    """
    demand(data)
    try:
        temporary.replace(final)
    except FileNotFoundError:
        demand(data)
        raise


def _take_here(file: IO[str], data: Path) -> bool:
    """Take the operating system's lock; False where the file system has none. Raises LockedError when another process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise _locked(data, lease.newest(data / lease.FOLDER)) from None
        return False
    return True


def _locked(data: Path, holder: dict[str, Any]) -> LockedError:
    told = f"process {holder['pid']} on {holder['host']} since {holder['since']}" if holder.get("pid") else "another process"
    return LockedError(f"{data} is being written by {told}\n  fix -> wait for it to end (run and backfill: --wait MINUTES), or stop it")
