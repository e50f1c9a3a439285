"""Prefect's REST interface on this machine, as far as tests ask it.

What belongs here: asking and waiting. What does not: starting servers (served.py).
"""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

#: States in which a run has ended.
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
BEGUN = ("PENDING", "RUNNING", *ENDED)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Api:
    """The server on a port."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers; one whose database is busy (503) is asked again. Raises OSError when it does not answer."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}/api/{path}", data, {"Content-Type": "application/json"})
        for left in reversed(range(10)):
            try:
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503 or not left:
                    raise
                time.sleep(1)
        return None

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.ask("health"))
        except OSError:
            return False

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment by its name."""
        (found,) = self.ask("deployments/filter", {"deployments": {"name": {"any_": [name]}}})
        return dict(found)

    def runs(self, deployment: str = "", states: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Runs of flows, by deployment and types of state; empty while the server does not answer."""
        body: dict[str, Any] = {"sort": "EXPECTED_START_TIME_ASC", "limit": 50}
        if deployment:
            body["deployments"] = {"name": {"any_": [deployment]}}
        if states:
            body["flow_runs"] = {"state": {"type": {"any_": list(states)}}}
        try:
            return list(self.ask("flow_runs/filter", body))
        except OSError:
            return []

    def first(self, deployment: str, states: tuple[str, ...], limit_s: float) -> dict[str, Any]:
        """The first run of a deployment in one of some states, waited for. Raises TimeoutError."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if found := self.runs(deployment, states):
                return found[0]
            time.sleep(0.5)
        raise TimeoutError(f"no run of {deployment} became {' or '.join(states)} within {limit_s:.0f} s")

    def start(self, deployment: str) -> str:
        """Start a run of a deployment now; its number."""
        return str(self.ask(f"deployments/{self.deployment(deployment)['id']}/create_flow_run", {})["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run; empty while the server does not answer."""
        try:
            return dict(self.ask(f"flow_runs/{run_id}"))
        except OSError:
            return {}

    def until(self, run_id: str, states: tuple[str, ...], limit_s: float) -> dict[str, Any]:
        """A run in one of some states, waited for. Raises TimeoutError."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if (run := self.run(run_id)).get("state_type") in states:
                return run
            time.sleep(0.3)
        raise TimeoutError(f"run {run_id} became none of {states} within {limit_s:.0f} s, but {self.run(run_id).get('state_name')}")

    def pause(self, deployment: str) -> None:
        """Let the schedule of a deployment start no more runs, as its switch on the page does."""
        number = self.deployment(deployment)["id"]
        asked = urllib.request.Request(f"{self.url}/api/deployments/{number}/pause_deployment", b"", method="POST")
        urllib.request.urlopen(asked, timeout=10).close()

    def tables(self, run_id: str) -> list[list[dict[str, Any]]]:
        """The table artifacts of a run."""
        body = {"artifacts": {"flow_run_id": {"any_": [run_id]}, "type": {"any_": ["table"]}}}
        return [json.loads(a["data"]) for a in self.ask("artifacts/filter", body)]
