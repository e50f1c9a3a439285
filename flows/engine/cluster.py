"""Batches on other machines: a Dask cluster whose workers see the same data folder.

What belongs here: handing a batch to a worker, whether that worker may work it, workers and schedulers that die. What does not: a batch
(night.py, batch.py), which batches there are (flows/harmonize.py).

    trialweave run --dask tcp://scheduler:8786     the run itself pulls, settles, pools and publishes; batches are worked by the workers

A worker needs the project at the same version, and the configuration and data folder under the same paths; it needs no secret and no
Prefect. It says itself when one of these is not so. A worker that dies is no harm: its batch is given to another one, and what it left
half-written has a temporary name. Only keys and counts travel back; a batch travels sealed, so that no log of Dask's prints it.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.engine import lease, night
from flows.engine.batch import Staged
from flows.engine.fingerprint import code_sha256, shared_sha256
from flows.engine.guard import no_values
from flows.engine.night import Attempt, Failure, Night, Sealed
from flows.engine.seen import log
from schemas.findings import TrialweaveError

#: Seconds: to reach the scheduler; without any worker before a run gives up; until a file that a worker wrote is seen on a share.
CONNECT_S = 30
WORKERLESS_S = float(os.environ.get("TRIALWEAVE_DASK_WORKERLESS_S", "120"))
SEEN_S = 120
_LOOK_S = 1.0
Done = list[Staged | Failure]


class Cluster:
    """A Dask cluster that this run uses. No dataclass: Prefect would look through it."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address

    @property
    def slots(self) -> int:
        """Batches that it works at the same time: one a thread of each worker that is there now."""
        return max(1, sum(self._nthreads().values()))

    def work(self, at: Night, attempts: Sequence[Attempt]) -> Done:
        """Have one batch worked, by whichever worker. Raises TrialweaveError when there is none, or none that may."""
        token = str(_record(at.data).get("token", ""))
        future = self._client.submit(_work_there, Sealed((token, _identity(at), at, list(attempts))), pure=False)
        try:
            who, done = self._result(future)
        finally:
            future.release()
        log.tell("batch_worked_by", worker=who, exports=len(done))
        for attempt, one in zip(attempts, done, strict=True):
            if isinstance(one, Staged):
                _demand_seen(one, attempt)
        return done

    def _result(self, future: Any) -> tuple[str, Done]:
        from distributed import wait
        from distributed.scheduler import KilledWorker

        last_seen = time.monotonic()
        while not future.done():
            try:
                wait(future, timeout=_LOOK_S)  # type: ignore[no-untyped-call]
            except TimeoutError:
                if self._nthreads():
                    last_seen = time.monotonic()
                elif time.monotonic() - last_seen > WORKERLESS_S:
                    raise TrialweaveError(self._told(f"no worker for {WORKERLESS_S:.0f} s", "start one: dask worker ADDRESS")) from None
        if future.status == "finished":
            found: tuple[str, Done] = future.result()
            return found
        if future.status == "cancelled":
            raise TrialweaveError(self._told("its scheduler ended", "start it again, then run again: what was staged is used"))
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise TrialweaveError(self._told("one batch ended several workers", "give the workers more memory, or run it without --dask"))
        if isinstance(error, TrialweaveError | MemoryError | OSError):
            raise error
        raise TrialweaveError(self._told(f"a worker failed with {type(error).__name__}", "compare the versions of its libraries"))

    def _nthreads(self) -> dict[str, int]:
        """Worker -> threads. Raises TrialweaveError when the scheduler does not answer."""
        try:
            return dict(self._client.nthreads())
        except (OSError, TimeoutError, RuntimeError, ValueError):
            raise TrialweaveError(self._told("its scheduler does not answer", "start it again, then run again")) from None

    def _told(self, what: str, fix: str) -> str:
        return f"Dask at {self._address}: {what}; the last release stands\n  fix   -> {fix}"


@contextmanager
def joined(address: str | None) -> Iterator[Cluster | None]:
    """The cluster at an address, left again when this ends; None without an address. Raises TrialweaveError when nobody answers."""
    if not address:
        yield None
        return
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_S, name="trialweave")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise TrialweaveError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}); nothing was begun\n"
            "  fix   -> start it (dask scheduler), or run without --dask"
        ) from None
    with client:
        yield Cluster(client, address)


def _work_there(sealed: Sealed[tuple[str, str, Night, list[Attempt]]]) -> tuple[str, Done]:
    """In a worker: work a batch, if this is the right data folder, held by the run that asks, and all is as it is there. Returns who it is,
    too."""
    token, identity, at, attempts = sealed.value
    here = f"worker {os.getpid()} on {platform.node()}"
    with no_values():
        if _record(at.data).get("token") != token:
            raise TrialweaveError(
                f"{here}: {at.data} is not the data folder of the run that asks, or that run no longer holds it\n"
                "  fix   -> every worker needs the same folder under the same path"
            )
        if _identity(at) != identity:
            raise TrialweaveError(
                f"{here}: the project, its libraries or the configuration are not those of the run that asks\n"
                "  fix   -> the same checkout, requirements.lock and configuration folder on every machine; start its workers again"
            )
    return here, night.work(at, attempts, on=1)


def _identity(at: Night) -> str:
    """What must be the same on two machines for them to write the same bytes."""
    return f"{code_sha256()} {shared_sha256(at.programme)} {platform.python_version()} {platform.machine()}"


def _record(data: Path) -> lease.Record:
    """Who holds a data folder, read again while it is just being renewed."""
    for _ in range(20):
        if found := lease.newest(data / lease.FOLDER):
            return found
        time.sleep(0.05)
    return {}


def _demand_seen(staged: Staged, attempt: Attempt) -> None:
    """Return when what a worker wrote is seen here: a share may show it some seconds late. Raises TrialweaveError."""
    if staged.fingerprint != attempt.mark:
        raise TrialweaveError(f"{staged.unit_key}: a worker computed something else than it was asked for; nothing was published")
    end = time.monotonic() + SEEN_S
    while not (staged.folder / "staged.json").is_file():
        if time.monotonic() > end:
            raise TrialweaveError(
                f"{staged.unit_key}: what a worker wrote is not seen in {staged.folder}\n"
                "  fix   -> the data folder must be one share, mounted under the same path everywhere"
            )
        time.sleep(0.2)
        list(staged.folder.parent.iterdir()) if staged.folder.parent.is_dir() else None
