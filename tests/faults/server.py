"""The real command line, many times, each time in a process of its own: imported once, forked for each command.

What belongs here: starting commands with a fault armed, one Prefect server for all. What does not: faults (strike.py), what is
asserted (scene.py). Python and its libraries take longer to start than a tiny night takes to run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 300


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (negative: the signal that killed it) and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams."""
        return self.out + self.err


class Commands:
    """Runs `trialweave ...` in processes forked from one that has everything imported."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._number = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        environment = os.environ | {"FAULTS_HOME": str(home), "FAULTS_PORT": str(self._port), "PYTHONUNBUFFERED": "1"}
        command, pipe = [sys.executable, "-m", "tests.faults.server"], subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=pipe, stdout=pipe)
        assert self._ask({"do": "ready"})["ready"]

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that starts commands has ended"
        told: dict[str, Any] = json.loads(answer)
        return told

    def start(self, *words: object, strike: dict[str, Any] | None = None, limit: int | None = None) -> tuple[int, Path]:
        """Start a command; returns its process and where it says what it says. `limit`: bytes a file may have."""
        self._number += 1
        base = self.home / f"command-{self._number}"
        asked = {"do": "start", "words": [str(w) for w in words], "strike": strike or {}, "base": str(base), "limit": limit}
        return self._ask(asked)["pid"], base

    def wait(self, started: tuple[int, Path]) -> Ended:
        """Wait for a command to end."""
        pid, base = started
        code = self._ask({"do": "wait", "pid": pid})["code"]
        return Ended(code, Path(f"{base}.out").read_text(), Path(f"{base}.err").read_text())

    def __call__(self, *words: object, strike: dict[str, Any] | None = None, limit: int | None = None) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(*words, strike=strike, limit=limit))

    def close(self) -> None:
        """Stop everything that was started."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def _main() -> None:
    """The process that is forked."""
    from flows import prefect_home

    home, port = Path(os.environ["FAULTS_HOME"]), int(os.environ["FAULTS_PORT"])
    prefect_home.settle(home, log_level="CRITICAL", port=port)
    os.environ["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
    for name in ("__main__", "backfill", "nightly", "engine.batch", "engine.findings_view"):
        importlib.import_module(f"flows.{name}")
    from flows.serve import server

    with server(port):
        for line in sys.stdin:
            told = json.loads(line)
            if told["do"] == "ready":
                answer: dict[str, Any] = {"ready": True}
            elif told["do"] == "start":
                pid = os.fork()
                if pid == 0:
                    _run(told)
                answer = {"pid": pid}
            else:
                answer = {"code": _waited(told["pid"])}
            print(json.dumps(answer), flush=True)


def _waited(pid: int) -> int:
    def give_up(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT_S)
    _, status = os.waitpid(pid, 0)
    signal.alarm(0)
    return os.waitstatus_to_exitcode(status)


def _run(told: dict[str, Any]) -> NoReturn:
    """In the child: be `trialweave WORDS` and nothing else."""
    os.setsid()
    for number, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{told['base']}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from flows.__main__ import main
    from tests.faults import strike

    code: Any = 0
    try:
        if told["limit"] is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (told["limit"], told["limit"]))
        sys.argv = ["trialweave", *told["words"]]
        strike.install(told["strike"])
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
        code = 70
    for last in strike.strike_end:
        last()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _main()
