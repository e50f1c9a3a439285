"""Stage 3, harmonize: turn batches of deliveries into staged analysis sets.

What belongs here: the tasks. What does not: the computing (flows/engine/batch.py and sql/).
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.engine import night as nights
from flows.engine import progress
from flows.engine.batch import Staged
from flows.engine.night import Attempt, Failure, Night, Roster


@task(task_run_name="batch-{number}", cache_policy=NO_CACHE, persist_result=False)
def harmonize_batch(number: int, night: Night, attempts: Sequence[Attempt]) -> list[Staged | Failure]:
    """Map, judge and compute one batch of sites; not retried as a whole: a failing batch is halved until one site is left."""
    return nights.work(night, attempts)


def harmonize(roster: Roster) -> list[Staged | Failure]:
    """Work what is left, one batch after the other, so that memory stays bounded."""
    batches = nights.batches(roster)
    results: list[Staged | Failure] = []
    for number, attempts in enumerate(batches, start=1):
        progress.tell("check and harmonize", number - 1, len(batches))
        results += harmonize_batch(number, roster.night, attempts)
    progress.tell("check and harmonize", len(batches), len(batches))
    return results


@task(task_run_name="pool-trials", cache_policy=NO_CACHE, persist_result=False)
def pool_trials(roster: Roster) -> list[Staged]:
    """Compute the sets that need a whole trial; a trial whose scores did not change is reused."""
    progress.tell("pool")
    return nights.pool(roster)
