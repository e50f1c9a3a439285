"""Stage 4, publish: one release, switched in by one rename, and what Prefect shows of it.

What belongs here: the task and its artifacts (keys and counts only). What does not: writing a release (flows/engine).
"""

from __future__ import annotations

from collections.abc import Callable

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.engine import assemble, progress
from flows.engine.assemble import Outcome
from flows.engine.batch import Staged
from flows.engine.guard import no_values
from flows.engine.night import Sealed
from flows.engine.roster import Roster
from flows.engine.summary import site_lines


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish_release(roster: Roster, pooled: Sealed[list[Staged]], reason: str) -> Outcome:
    """Publish what is there; never retried, because a second try would hide why the first one failed."""
    progress.tell("publish")
    with no_values():
        outcome = assemble.publish(roster, pooled.value, reason)
    show(outcome)
    return outcome


def show(outcome: Outcome) -> None:
    """Leave a table of the sites and a link to the release with the flow run."""
    quietly(lambda: _show(outcome))


def quietly(leave: Callable[[], object]) -> None:
    """Leave an artifact. What it tells of stands already; a server that cannot take it is a warning, not a failed run."""
    try:
        leave()
    except Exception as error:  # noqa: BLE001 - whatever the server's trouble is, the night is done
        get_run_logger().warning("the run's artifacts could not be stored: %s", type(error).__name__)


def _show(outcome: Outcome) -> None:
    rows = [
        {"site": s.key, "status": s.status, "received": s.received, "kept": s.kept, "quarantined": s.quarantined}
        for s in site_lines(outcome.release.manifest)
    ]
    create_table_artifact(key="sites", table=rows, description=f"Release {outcome.release.release_id}")
    create_link_artifact(key="release", link=outcome.release.folder.resolve().as_uri(), link_text=outcome.release.release_id)
