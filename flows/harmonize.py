"""Stage 3, harmonize: turn batches of deliveries into staged analysis sets.

What belongs here: the tasks. What does not: the computing (flows/engine/batch.py and sql/), other machines (cluster.py).
"""

from __future__ import annotations

import time
from collections import deque

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture

from flows.engine import night as nights
from flows.engine import progress
from flows.engine.batch import Staged
from flows.engine.cluster import Cluster
from flows.engine.night import Attempt, Failure, Night, Sealed
from flows.engine.roster import Roster, pool
from flows.engine.seen import log
from flows.newsite import at_night


@task(task_run_name="batch-{number}", cache_policy=NO_CACHE, persist_result=False)
def harmonize_batch(
    number: int, night: Night, attempts: Sealed[list[Attempt]], threads: int, cluster: Cluster | None = None
) -> Sealed[list[Staged | Failure]]:
    """Map, judge and compute one batch of sites, here or by a worker of a cluster; not retried as a whole: a failing batch is halved
    until one site is left, and a batch whose worker died is given to another one."""
    began = time.monotonic()
    done = cluster.work(night, attempts.value) if cluster else nights.work(night, attempts.value, threads)
    failed = sum(isinstance(one, Failure) for one in done)
    log.tell("batch", number=number, exports=len(done), failed=failed, seconds=round(time.monotonic() - began, 3))
    return Sealed(done)


def harmonize(roster: Roster, cluster: Cluster | None) -> Sealed[list[Staged | Failure]]:
    """Work what is left, a few batches side by side and never more, so that memory stays bounded."""
    batches = nights.batches(roster.pending.values())
    threads = nights.threads(batches)
    side_by_side = cluster.slots if cluster else nights.SIDE_BY_SIDE
    results: list[Staged | Failure] = []
    running: deque[PrefectFuture[Sealed[list[Staged | Failure]]]] = deque()
    for number, attempts in enumerate(batches, start=1):
        if len(running) == side_by_side:
            results += running.popleft().result().value
        progress.tell("check and harmonize", number - 1, len(batches))
        running.append(harmonize_batch.submit(number, roster.night, Sealed(attempts), threads, cluster))
    for future in running:
        results += future.result().value
    progress.tell("check and harmonize", len(batches), len(batches))
    return Sealed(results)


@task(task_run_name="pool-trials", cache_policy=NO_CACHE, persist_result=False)
def pool_trials(roster: Roster) -> Sealed[list[Staged]]:
    """Compute the sets that need a whole trial; a trial whose scores did not change is reused. What `check-config` doubts is told."""
    progress.tell("pool")
    roster.tell(at_night.told(roster.placed))
    return Sealed(pool(roster))
