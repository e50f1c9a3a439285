"""The ledger: what was done to a data folder, one JSON line each, every line carrying the hash of the one before.

What belongs here: appending, reading and checking ledger.jsonl. What does not: what is worth a line (night.py, releases.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from flows.engine import lock

NAME = "ledger.jsonl"
START = "0" * 64


def append(data: Path, event: str, **facts: Any) -> None:
    """Add one line, on disk when this returns. Only the holder of the data folder's lock may call it; raises LockedError when it lost it.

    A last line that a crash has cut short is closed and named by a line of its own, so that the chain goes on.
    """
    lock.demand(data)
    path = data / NAME
    with path.open("a+b") as file:
        last, whole = _last_line(path)
        if last and not whole:
            file.write(b"\n")
            last = _write(file, "line_cut_short", hashlib.sha256(last).hexdigest(), {})
        _write(file, event, hashlib.sha256(last).hexdigest() if last else START, facts)
        file.flush()
        os.fsync(file.fileno())


def _write(file: Any, event: str, previous: str, facts: dict[str, Any]) -> bytes:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": now, "event": event, **facts, "previous": previous}, default=str).encode()
    file.write(line + b"\n")
    return line


def _last_line(path: Path) -> tuple[bytes, bool]:
    """The last line without its end, and whether it has one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        block = b""
        at = size
        while at > 0:
            step = min(65536, at)
            at -= step
            file.seek(at)
            block = file.read(step) + block
            if b"\n" in block[:-1]:
                break
    whole = block.endswith(b"\n")
    return block.removesuffix(b"\n").rpartition(b"\n")[2], whole


def entries(data: Path, event: str | None = None) -> list[dict[str, Any]]:
    """Lines of the ledger, oldest first; of one kind when asked. Lines that cannot be read are left out."""
    path = data / NAME
    if not path.is_file():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and (event is None or entry.get("event") == event):
            found.append(entry)
    return found


def knows(data: Path, release_id: str) -> bool:
    """Whether any line tells of a release."""
    path = data / NAME
    return path.is_file() and release_id.encode() in path.read_bytes()


def unended(data: Path) -> str | None:
    """When the last run began, where no line says that it ended: it is at work, or it was killed."""
    began = None
    for entry in entries(data):
        if entry.get("event") == "run_started":
            began = str(entry["at"])
        elif entry.get("event") in ("run_finished", "run_failed"):
            began = None
    return began


def verify_chain(data: Path) -> list[str]:
    """What is wrong with the chain, one sentence each; empty when every line follows the one before.

    A last line without its end was cut by a crash and tells nothing yet; the next one will name it.
    """
    path = data / NAME
    if not path.is_file():
        return []
    problems = []
    previous = START
    *lines, _cut = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            after = lines[number] if number < len(lines) else b""
            if b'"line_cut_short"' not in after:
                problems.append(f"{NAME} line {number} cannot be read")
            previous = hashlib.sha256(line).hexdigest()
            continue
        if entry.get("previous") != previous:
            problems.append(f"{NAME} line {number} does not follow line {number - 1}: a line was changed, added or taken away")
        previous = hashlib.sha256(line).hexdigest()
    return problems
