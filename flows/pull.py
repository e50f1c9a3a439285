"""Stage 1, pull: fetch each site's export into landing.

What belongs here: the task and its retries. What does not: copying and receipts (flows/engine/landing.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE

from flows.engine import landing, progress
from flows.engine.guard import no_values
from flows.engine.night import Night
from schemas.findings import TrialweaveError


@task(
    retries=2, retry_delay_seconds=[1, 4], retry_jitter_factor=0.3, task_run_name="pull-{key}", cache_policy=NO_CACHE,
    persist_result=False,
)  # fmt: skip
def pull_site(key: str, night: Night) -> str:
    """Pull one site's export; retried, because a share may be away for a moment."""
    with no_values():
        return landing.receive(night.data, night.programme.units[key], night.programme.root, night.as_of).delivery_id


def pull_sites(keys: Sequence[str], night: Night) -> dict[str, str]:
    """Pull sites side by side; returns site -> why it could not be pulled, for those that could not."""
    futures = pull_site.map(list(keys), unmapped(night))
    troubles = {}
    for number, (key, future) in enumerate(zip(keys, futures, strict=True), start=1):
        error = future.result(raise_on_failure=False)
        if isinstance(error, BaseException):
            troubles[key] = str(error) if isinstance(error, TrialweaveError) else f"{key}: {type(error).__name__}"
        progress.tell("pull", number, len(keys))
    return troubles
