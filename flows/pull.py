"""Stage 1, pull: fetch each site's export into landing.

Exports that lie in folders are received many to a task; a place on a network, and a folder that is in trouble, has a task of its own.

What belongs here: the tasks, what is tried again and when, secrets that lie in Prefect. What does not: fetching (flows/sources,
flows/engine/incoming.py), copying and receipts (flows/engine/landing.py).

Prefect cannot interrupt a thread that waits for a server, so time-outs are the places' own (`timeout_s`, `max_minutes` of a source).
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import task_run

from flows.engine import landing, progress
from flows.engine.guard import no_values
from flows.engine.night import Night, Sealed
from flows.engine.seen import log
from schemas.findings import ConfigurationError, PassingError, ReadError, TrialweaveError

#: Seconds before each further try at a place on a network; a folder is tried again sooner.
PATIENCE: list[float] = [2, 15, 60]
#: Sites pulled at the same time: a thread, a connection and the files of one delivery each. One that waits to be tried again counts.
AT_ONCE = int(os.environ.get("TRIALWEAVE_PULLS_AT_ONCE", "8"))
#: Of these, tasks that look into folders: more of them only wait for each other.
FOLDERS_AT_ONCE = 2


def may_pass(task: Any, task_run: Any, state: Any) -> bool:
    """Whether trying again may help: not where the source itself says what is wrong (password, host key, size, names, missing ids)."""
    error = state.data
    return isinstance(error, PassingError) or not isinstance(error, ReadError | ConfigurationError)


@task(
    retries=2, retry_delay_seconds=[1, 4], retry_jitter_factor=0.3, retry_condition_fn=may_pass, task_run_name="pull-{key}",
    cache_policy=NO_CACHE, persist_result=False,
)  # fmt: skip
def pull_site(key: str, night: Night, before: Sealed[Exception] | None = None) -> None:
    """Pull one site's export; retried with growing, uneven delays, because a share or server may be away for a moment.

    `before`: how the first try ended, which was made among other folders; it counts as this task's first.
    """
    if before is not None and task_run.run_count == 1:
        raise before.value
    _receive(key, night)


@task(task_run_name="pull-folders-{number}", cache_policy=NO_CACHE, persist_result=False)
def pull_folders(number: int, pulling: Pulling) -> Sealed[dict[str, Sealed[Exception]]]:
    """Pull exports that lie in folders, one after another until none waits: a task for each costs more than receiving it.

    Returns site -> what went wrong; such a site gets a task of its own, which shows it and tries again.
    """
    failed: dict[str, Sealed[Exception]] = {}
    while (key := pulling.next_folder()) is not None:
        try:
            _receive(key, pulling.night)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this site's, and raised by the task of its own
            failed[key] = Sealed(error)
        else:
            pulling.tell(key, "ok")
    return Sealed(failed)


class Pulling:
    """The pulls of one night: folders that wait, and how many sites are done; used by several threads."""

    def __init__(self, keys: Sequence[str], night: Night) -> None:
        self.night, self.total = night, len(keys)
        near = {k for k in keys if night.programme.units[k].site.source.kind == "files"}
        self.folders = deque(k for k in keys if k in near)
        self.places = [k for k in keys if k not in near]
        self._done = itertools.count(1)

    def next_folder(self) -> str | None:
        """A site whose folder nobody has looked into; None when there is none."""
        try:
            return self.folders.popleft()
        except IndexError:
            return None

    def tell(self, key: str, status: str) -> None:
        """Say that a site is done."""
        study, _, site = key.partition("/")
        log.tell("pulled", study=study, site=site, status=status)
        progress.tell("pull", next(self._done), self.total)


def pull_sites(keys: Sequence[str], night: Night) -> dict[str, str]:
    """Pull sites side by side, a few and never more; returns site -> why it could not be pulled, for those that could not.

    The next pull begins as soon as any has ended, so that one slow place keeps nobody but itself waiting.
    """
    pulling = Pulling(keys, night)
    waiting: deque[tuple[Any, tuple[Any, ...]]] = deque()
    waiting += [(pull_folders, (n, pulling)) for n in range(1, min(FOLDERS_AT_ONCE, AT_ONCE, len(pulling.folders)) + 1)]
    patient = pull_site.with_options(retries=len(PATIENCE), retry_delay_seconds=PATIENCE)
    waiting += [(patient, (key, night)) for key in pulling.places]
    running: dict[PrefectFuture[Any], tuple[Any, ...]] = {}
    troubles: dict[str, str] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            way, about = waiting.popleft()
            running[way.submit(*about)] = about
        future = next(as_completed(list(running)))
        key = running.pop(future)[0]
        if isinstance(key, int):
            waiting += [(pull_site, (k, night, before)) for k, before in future.result().value.items()]
            continue
        error = future.result(raise_on_failure=False)
        if isinstance(error, BaseException):
            troubles[key] = str(error) if isinstance(error, TrialweaveError) else f"{key}: {type(error).__name__}"
        pulling.tell(key, "failed" if key in troubles else "ok")
    return troubles


def _receive(key: str, night: Night) -> None:
    with no_values():
        landing.receive(night.data, night.programme.units[key], night.programme.root, night.as_of, secret_block)


def secret_block(name: str) -> str:
    """The value of a Prefect Secret block. Raises ReadError when there is none of this name."""
    try:
        value = Secret.load(name).get()
    except ValueError:
        raise ReadError(
            f"there is no Prefect Secret block {name!r}\n  fix   -> make it in Prefect (Blocks, Secret), or name an environment variable"
        ) from None
    return value if isinstance(value, str) else str(value)
