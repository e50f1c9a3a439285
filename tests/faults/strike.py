"""Where and how a fault strikes a process: killed at the n-th call of a function, half a file written, a pause, a clock that is behind.

What belongs here: patching the running product from outside, so that it carries no test code. What does not: which faults are tried
(points.py), starting processes (server.py).

A strike is a dict: `at` module:name, `when` before | after | torn | pause | edit, `n` the call that is meant, `match` a regular expression
over the arguments; `sweep` a folder and `n` the write access to it that is never done; `clock` seconds the clock is off.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Strike = dict[str, Any]
_WRITING = ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "os.truncate")


def install(strike: Strike) -> None:
    """Arm the running process."""
    if "sweep" in strike:
        _sweep(Path(strike["sweep"]).resolve(), int(strike["n"]), strike.get("count"))
    if "clock" in strike:
        _set_clock(dt.timedelta(seconds=strike["clock"]))
    if "at" in strike:
        _patch(strike)


def die() -> None:
    """As the power cut or the kernel would end it: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _patch(strike: Strike) -> None:
    module, _, name = strike["at"].partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    real: Callable[..., Any] = getattr(owner, last)
    wanted = re.compile(strike.get("match", ""))
    left, lock, when = [int(strike.get("n", 1))], threading.Lock(), strike["when"]

    def struck(*args: Any, **kwargs: Any) -> Any:
        if not wanted.search(" ".join(map(str, args))):
            return real(*args, **kwargs)
        with lock:
            left[0] -= 1
            now = left[0] == 0
        if not now:
            return real(*args, **kwargs)
        if when == "before":
            die()
        if when == "torn":
            TORN[strike["at"]](*args, **kwargs)
            die()
        if when == "pause":
            Path(strike["flag"]).touch()
            time.sleep(float(strike["seconds"]))
        out = real(*args, **kwargs)
        if when == "after":
            die()
        if when == "edit":
            _edit(Path(strike["file"]))
        return out

    setattr(owner, last, struck)


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"changed meanwhile\n")


def _half(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content[: max(len(content) // 2, 1)])


def _half_line(path: Path, *_: Any, **__: Any) -> None:
    with path.open("ab") as file:
        file.write(b'{"at": "2026-01-01T00:00:00+00:00", "event": "rele')


#: What a write that was cut short leaves behind.
TORN: dict[str, Callable[..., None]] = {
    "flows.engine.partitions:put": _half,
    "pathlib:Path.write_bytes": _half,
    "pathlib:Path.write_text": lambda path, text, **_: _half(path, text.encode()),
    "flows.engine.landing:_copy": lambda key, name, source, target, expected: _half(target, source.read_bytes()),
    "flows.engine.landing:_append": _half_line,
    "flows.engine.ledger:append": lambda data, *_, **__: _half_line(data / "ledger.jsonl"),
}


def _sweep(root: Path, n: int, count: str | None) -> None:
    """Die before the n-th write access below a folder; with `count`, only write down there how many there were."""
    seen = [0]

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if not isinstance(path, str | bytes | os.PathLike) or not (flags or 0) & (os.O_WRONLY | os.O_RDWR):
                return
        elif event in _WRITING:
            path = args[0]
        else:
            return
        if not isinstance(path, str | bytes | os.PathLike) or not os.fsdecode(path).startswith(f"{root}{os.sep}"):
            return
        seen[0] += 1
        if seen[0] == n and count is None:
            die()

    sys.addaudithook(heard)
    if count is not None:
        strike_end.append(lambda: Path(count).write_text(str(seen[0])))


#: What is still to be done when the command has ended.
strike_end: list[Callable[[], Any]] = []


def _set_clock(behind: dt.timedelta) -> None:
    real = dt.datetime

    class Shifted(real):  # type: ignore[misc, valid-type]
        """The time of a machine whose clock is wrong."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return real.now(tz) + behind

    for name, module in list(sys.modules.items()):
        if name.startswith("flows.engine.") and getattr(module, "dt", None) is dt:
            shim = type(dt)("datetime")
            shim.__dict__.update(dt.__dict__)
            shim.datetime = Shifted  # type: ignore[attr-defined]
            module.dt = shim  # type: ignore[attr-defined]
