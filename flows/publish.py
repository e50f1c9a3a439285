"""Stage 4, publish: one release, switched in by one rename.

What belongs here: the task. What does not: writing a release (flows/engine), its report (flows/report), what
Prefect shows of it (flows/shown.py).
"""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.engine import assemble, progress
from flows.engine.assemble import Outcome
from flows.engine.batch import Staged
from flows.engine.guard import no_values
from flows.engine.night import Sealed
from flows.engine.roster import Roster
from flows.report import writing
from flows.shown import show
from schemas.findings import TrialweaveError


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish_release(roster: Roster, pooled: Sealed[list[Staged]], reason: str) -> Outcome:
    """Publish what is there; never retried, because a second try would hide why the first one failed."""
    progress.tell("publish")
    with no_values():
        outcome = assemble.publish(roster, pooled.value, reason)
        _report(outcome, roster)
    show(outcome)
    return outcome


def _report(outcome: Outcome, roster: Roster) -> None:
    """Write the release's report, after it stands: what goes wrong here is told and takes nothing back."""
    if not outcome.published:
        return
    try:
        with no_values():
            writing.into_release(roster.night.data, outcome.release, roster.night.programme)
    except (TrialweaveError, OSError) as error:
        get_run_logger().warning("%s\n  the release stands without its report\n  fix   -> trialweave report", error)
