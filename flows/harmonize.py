"""Stage 3, harmonize: turn batches of deliveries into staged analysis sets.

What belongs here: the tasks. What does not: the computing (flows/engine/batch.py and sql/).
"""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.engine import night as nights
from flows.engine import progress
from flows.engine.batch import Staged
from flows.engine.night import Attempt, Failure, Night, Roster, Sealed


@task(task_run_name="batch-{number}", cache_policy=NO_CACHE, persist_result=False)
def harmonize_batch(number: int, night: Night, attempts: Sealed[list[Attempt]]) -> Sealed[list[Staged | Failure]]:
    """Map, judge and compute one batch of sites; not retried as a whole: a failing batch is halved until one site is left."""
    return Sealed(nights.work(night, attempts.value))


def harmonize(roster: Roster) -> Sealed[list[Staged | Failure]]:
    """Work what is left, one batch after the other, so that memory stays bounded."""
    batches = nights.batches(roster)
    results: list[Staged | Failure] = []
    for number, attempts in enumerate(batches, start=1):
        progress.tell("check and harmonize", number - 1, len(batches))
        results += harmonize_batch(number, roster.night, Sealed(attempts)).value
    progress.tell("check and harmonize", len(batches), len(batches))
    return Sealed(results)


@task(task_run_name="pool-trials", cache_policy=NO_CACHE, persist_result=False)
def pool_trials(roster: Roster) -> Sealed[list[Staged]]:
    """Compute the sets that need a whole trial; a trial whose scores did not change is reused."""
    progress.tell("pool")
    return Sealed(nights.pool(roster))
