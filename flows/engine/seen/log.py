"""What a run does, as JSON lines: events with their run, trial and site; never a participant's value.

What belongs here: the logger, its lines and file. What does not: deciding that something is worth a line (session.py, the flows).

    data/logs/2026-03-01.jsonl     {"at", "level", "event", "run", ...facts}; files older than KEEP_DAYS are removed

Facts are numbers, or texts under a name of TEXTS: keys and words of this project, so that a value cannot slip in.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "trialweave"
FOLDER = "logs"
KEEP_DAYS = 90
#: Facts that may be texts.
TEXTS = frozenset(
    {"study", "site", "status", "release", "outcome", "error", "step", "channel", "night", "data", "config", "base", "worker"}
)
_run: contextvars.ContextVar[str] = contextvars.ContextVar("trialweave_run", default="")
_file: contextvars.ContextVar[Path | None] = contextvars.ContextVar("trialweave_log", default=None)
_logger = logging.getLogger(NAME)
_logger.setLevel(logging.INFO)
_logger.propagate = False  # a server's pages may show it (flows/prefect_home.py); no screen does
_logger.addHandler(logging.NullHandler())


def begin(data: Path, run: str) -> None:
    """From now on, events are of this run and go into this data folder's file, too."""
    _run.set(run)
    _file.set(data / FOLDER)
    with suppress(OSError):
        (data / FOLDER).mkdir(exist_ok=True)
        oldest = f"{dt.datetime.now(dt.UTC).date() - dt.timedelta(days=KEEP_DAYS)}.jsonl"
        for path in (data / FOLDER).glob("*-*-*.jsonl"):
            if path.name < oldest:
                path.unlink()


def tell(event: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """One event. Raises TypeError for a fact that could be a participant's value; never fails for trouble with the file."""
    for name, fact in facts.items():
        if not (fact is None or isinstance(fact, bool | int | float) or (isinstance(fact, str) and name in TEXTS)):
            raise TypeError(f"{name} is no fact that may be logged")
    line = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"), "level": logging.getLevelName(level).lower(),
            "event": event, "run": _run.get(), **{k: v for k, v in facts.items() if v is not None}}  # fmt: skip
    text = json.dumps(line)
    folder = _file.get()
    if folder is not None:
        with suppress(OSError), (folder / f"{line['at'][:10]}.jsonl").open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    if os.environ.get("TRIALWEAVE_LOG") == "json":
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    _logger.log(level, "%s %s", event, " ".join(f"{k}={v}" for k, v in facts.items() if v is not None))
