"""Stage 1, pull: fetch each site's export into landing.

What belongs here: the task, what is tried again and when, secrets that lie in Prefect. What does not: fetching (flows/sources,
flows/engine/incoming.py), copying and receipts (flows/engine/landing.py).

Prefect cannot interrupt a thread that waits for a server, so time-outs are the places' own (`timeout_s`, `max_minutes` of a source).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from prefect import task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed

from flows.engine import landing, progress
from flows.engine.guard import no_values
from flows.engine.night import Night
from flows.engine.seen import log
from schemas.findings import ConfigurationError, PassingError, ReadError, TrialweaveError

#: Seconds before each further try at a place on a network; a folder is tried again sooner.
PATIENCE = [2, 15, 60]
#: Sites pulled at the same time: a thread, a connection and the files of one delivery each. One that waits to be tried again counts.
AT_ONCE = int(os.environ.get("TRIALWEAVE_PULLS_AT_ONCE", "8"))


def may_pass(task: Any, task_run: Any, state: Any) -> bool:
    """Whether trying again may help: not where the source itself says what is wrong (password, host key, size, names, missing ids)."""
    error = state.data
    return isinstance(error, PassingError) or not isinstance(error, ReadError | ConfigurationError)


@task(
    retries=2, retry_delay_seconds=[1, 4], retry_jitter_factor=0.3, retry_condition_fn=may_pass, task_run_name="pull-{key}",
    cache_policy=NO_CACHE, persist_result=False,
)  # fmt: skip
def pull_site(key: str, night: Night) -> str:
    """Pull one site's export; retried with growing, uneven delays, because a share or server may be away for a moment."""
    with no_values():
        unit = night.programme.units[key]
        return landing.receive(night.data, unit, night.programme.root, night.as_of, secret_block).delivery_id


def pull_sites(keys: Sequence[str], night: Night) -> dict[str, str]:
    """Pull sites side by side, a few and never more; returns site -> why it could not be pulled, for those that could not."""
    near = [k for k in keys if night.programme.units[k].site.source.kind == "files"]
    patient = pull_site.with_options(retries=len(PATIENCE), retry_delay_seconds=PATIENCE)
    ways = [(k, pull_site) for k in near] + [(k, patient) for k in keys if k not in near]
    troubles = {}
    for number, (key, future) in enumerate(_side_by_side(ways, night), start=1):
        error = future.result(raise_on_failure=False)
        failed = isinstance(error, BaseException)
        log.tell("pulled", study=key.partition("/")[0], site=key.partition("/")[2], status="failed" if failed else "ok")
        if isinstance(error, BaseException):
            troubles[key] = str(error) if isinstance(error, TrialweaveError) else f"{key}: {type(error).__name__}"
        progress.tell("pull", number, len(keys))
    return troubles


def _side_by_side(ways: Sequence[tuple[str, Any]], night: Night) -> Iterator[tuple[str, PrefectFuture[str]]]:
    """Submit pulls, the next one as soon as any has ended, so that one slow place keeps nobody but itself waiting."""
    running: dict[PrefectFuture[str], str] = {}
    for key, way in ways:
        running[way.submit(key, night)] = key
        if len(running) == AT_ONCE:
            yield from _ended(running)
    while running:
        yield from _ended(running)


def _ended(running: dict[PrefectFuture[str], str]) -> Iterator[tuple[str, PrefectFuture[str]]]:
    """Wait for one at least and take out what has ended."""
    future = next(as_completed(list(running)))
    yield running.pop(future), future


def secret_block(name: str) -> str:
    """The value of a Prefect Secret block. Raises ReadError when there is none of this name."""
    try:
        value = Secret.load(name).get()
    except ValueError:
        raise ReadError(
            f"there is no Prefect Secret block {name!r}\n  fix   -> make it in Prefect (Blocks, Secret), or name an environment variable"
        ) from None
    return value if isinstance(value, str) else str(value)
