"""Stage 2, check: which delivery of each site is used, what must be worked, who is held.

What belongs here: the tasks. What does not: the decisions (flows/engine/settling.py, holding.py), the rules (schemas/rules), running them
over rows, which happens with harmonizing in one batch in memory (flows/engine/batch.py).
"""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.engine import settling
from flows.engine.batch import Staged
from flows.engine.guard import no_values
from flows.engine.night import Failure, Night, Sealed
from flows.engine.roster import Roster


@task(task_run_name="choose-deliveries", cache_policy=NO_CACHE, persist_result=False)
def choose_deliveries(night: Night, troubles: dict[str, str]) -> Roster:
    """Enter every site with its newest delivery; output already staged for the same fingerprint is reused."""
    with no_values():
        return settling.enter(night, troubles)


@task(task_run_name="hold-sites", cache_policy=NO_CACHE, persist_result=False)
def hold_sites(roster: Roster, results: Sealed[list[Staged | Failure]]) -> Roster:
    """Take in the batches' results; a site that failed or lost too many rows is held and tried with the delivery before."""
    with no_values():
        return settling.settle(roster, results.value)
