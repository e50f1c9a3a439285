"""Runs that were killed, told apart in Prefect's history from those that failed or still run.

What belongs here: giving such a run the state Crashed, ending one whose worker is gone. What does not: putting its work right
(flows/engine/recovery.py), telling people (flows/engine/seen).

Three notice it: Prefect's worker, whose child died; an automation of `trialweave serve`, when a run was not heard of for a while; and
whoever takes the data folder's lock next, because a run that holds no lock does not live.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import signal
import sys
from pathlib import Path
from typing import Any

from prefect import get_client
from prefect.automations import Automation, ChangeFlowRunState, EventTrigger, Posture, ResourceSpecification
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Crashed

from flows import prefect_home
from flows.shown import quietly

NAME = "trialweave: runs that are not heard of any more have crashed"
HEARD = "prefect.flow-run.heartbeat"
#: Three beats (flows/prefect_home.py) that did not come.
SILENT_S = 90
_OPEN = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def settle(data: Path, killed: str = "it was killed") -> int:
    """Call crashed what the history in a data folder still shows as running on it; only the holder of its lock may say so. How many.

    In a history that others share, the same path may be another folder on another machine: there nothing is said.
    """
    shared = prefect_home.has_database_of_its_own() or "//127.0.0.1:" not in (PREFECT_API_URL.value() or "")
    return 0 if shared else quietly(lambda: _settle(data.resolve(), killed)) or 0


def _settle(data: Path, killed: str) -> int:
    state = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)))
    mine, number = _family(), 0
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=state):
            if str(run.id) not in mine and run.parent_task_run_id is None and _data(run.parameters) == data and _has_begun(run):
                client.set_flow_run_state(run.id, Crashed(message=f"{killed}; the next run went on from there"), force=True)
                number += 1
    return number


def _family() -> set[str]:
    """The run that asks, and the ones it is part of."""
    return {str(i) for i in (flow_run.get_id(), flow_run.get_parent_flow_run_id(), flow_run.get_root_flow_run_id()) if i}


def _has_begun(run: Any) -> bool:
    """Whether it was running: one that is pending may be just about to begin, and waits for the lock."""
    return run.state_type != StateType.PENDING


def _data(parameters: dict[str, Any]) -> Path | None:
    asked = parameters.get("request")
    told = asked.get("data") if isinstance(asked, dict) else getattr(asked, "data", None)
    return Path(told).resolve() if told else None


def end_with_worker() -> None:
    """On Linux, a run that a worker started ends with it: nobody could stop it any more, and it would go on holding the data folder."""
    if sys.platform == "linux" and os.environ.get("PREFECT__FLOW_RUN_ID"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def watch() -> None:
    """Have the server itself notice runs whose worker and process are both gone; made once for each server."""
    ended = {f"prefect.flow-run.{name}" for name in ("Completed", "Degraded", "Rehearsed", "Failed", "Cancelled", "Crashed")}
    trigger = EventTrigger(
        after={HEARD}, expect={HEARD, *ended}, match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1, within=dt.timedelta(seconds=SILENT_S),
    )  # fmt: skip
    told = f"not heard of for {SILENT_S} s; the next run goes on from there"
    action = ChangeFlowRunState(state=StateType.CRASHED, message=told)
    try:
        Automation.read(name=NAME)
    except ValueError:
        Automation(name=NAME, description="Made by trialweave serve.", trigger=trigger, actions=[action]).create()
