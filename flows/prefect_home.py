"""Prefect's settings for this project, put into the environment before Prefect is imported.

What belongs here: settings only; nothing of Prefect is imported. The reasons stand in the comments: telemetry and promotions
off, its database under the data folder, its recorder batched because SQLite's locks would dominate a short run.
"""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.request
from pathlib import Path

DATABASE, LOG, SERVING = "prefect.db", "server.log", "serving.json"
_OTHER_DATABASE = ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "3",
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_CLI_PROMPT": "false",
}


def settle(data: Path, *, log_level: str, port: int | None = None) -> Path:
    """Set the environment for this process and its children; returns where Prefect keeps its files.

    `port`: a server of our own on loopback; None: a run without one. What a person has set already stays, but for that folder.
    """
    home = (data / ".prefect").resolve()
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", log_level)
    os.environ.setdefault("PREFECT_LOGGING_INTERNAL_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "ERROR")
    if port is None:
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
        return home
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_SERVER_API_HOST"] = "127.0.0.1"
    os.environ["PREFECT_SERVER_API_PORT"] = str(port)
    os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "trialweave")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    return home


def has_database_of_its_own() -> bool:
    """Whether a person named a database for Prefect's server, instead of the one under the data folder."""
    return any(os.environ.get(name) for name in _OTHER_DATABASE)


def database_to_look_at(home: Path) -> str:
    """What a person looks at when the server does not start; the address of a database holds a password and is not shown."""
    name = next((name for name in _OTHER_DATABASE if os.environ.get(name)), None)
    if name is None:
        return f"if its database is damaged, move {home / DATABASE} away: it holds only the history of runs"
    if not os.environ[name].startswith(("postgresql+asyncpg://", "sqlite+aiosqlite://")):
        return f"{name} begins with postgresql+asyncpg://"
    return f"look at the database that {name} names: does its server run, is the database made, owned by this user, the password right?"


def tell_served(home: Path, port: int) -> None:
    """Note that a server serves this data folder, so that commands use it."""
    note = {"url": f"http://127.0.0.1:{port}/api", "pid": os.getpid(), "host": socket.gethostname()}
    (home / SERVING).write_text(json.dumps(note), encoding="utf-8")


def find_served(home: Path) -> bool:
    """Whether `trialweave serve` serves this data folder from this machine; then Prefect will talk to that server."""
    try:
        told = json.loads((home / SERVING).read_text(encoding="utf-8"))
        if told["host"] != socket.gethostname():
            return False
        os.kill(int(told["pid"]), 0)
        with urllib.request.urlopen(f"{told['url']}/health", timeout=2):
            os.environ["PREFECT_API_URL"] = told["url"]
            return True
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
        return False
